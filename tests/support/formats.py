"""docs/file-formats.md, from the types that are written: `python -m tests.support.formats`."""

import dataclasses
import inspect
import re
import typing
from collections.abc import Iterator

from bench.capacity.finding import Capacity
from bench.model.calibration import Calibration, Look
from bench.model.cpus import Cpus
from bench.model.header import SCHEMA, Config, Header, Machine, ServerEntry, Source
from bench.model.server import EventLoop
from bench.model.trial import Cell, Throttled, Trial, Usage, Workload
from bench.proving.decision import Finding
from bench.proving.profile.result import Profile, SideProfile
from bench.proving.proof import Participant, Proof
from loadgen.plan import Load
from loadgen.result import (
    Evidence,
    GeneratorUsage,
    Result,
    Series,
    Shortages,
    Times,
    Watched,
    Witness,
)

# A line of a table is a file of the run folder.
FILES = {
    "run.json": "the run without its trials: one `Header`, written when the run starts and ends",
    "trials.jsonl": "a line a trial: one `Trial`, on disk as it ends",
    "samples/BLOCK-POSITION-SERVER-WORKLOAD.npz": "the raw samples of a trial, while there is room",
    "sources/": "the files that the servers were made of, by their path in the checkout",
    "report.html, report.md, charts/": "the report",
    "summary.csv, trials.csv, pairs.csv": "tables: a row a cell, a trial, a pair of servers",
    "verdicts.json": "what holds for each cell, with the numbers that led to it",
    "compare.md, compare.html": "what `bench compare` has written into the last of its runs",
    "history.md, history.html": "what `bench history` has written into the first of its folders",
    "ab.md, ab.html, ab.json": "what `bench ab` has shown: to paste, as a page, one `Proof`",
    "capacity.csv, capacity.json, capacity.md, capacity.html": "what `bench capacity` has found",
    "export/": "what `bench export` writes",
}
ORDER: dict[str, tuple[type, ...]] = {
    "run.json": (Header, Config, ServerEntry, Source, EventLoop, Cpus, Machine, Calibration, Look),
    "trials.jsonl": (Trial, Cell, Workload, Load, Usage, Throttled, Witness),
    "trials.jsonl: result": (
        *(Result, Times, Series, Evidence, GeneratorUsage, Shortages, Watched),
    ),
    "capacity.csv": (Capacity,),
    "ab.json": (Proof, Participant, Finding, Profile, SideProfile),
}
SAMPLES = {
    "intended_ns": "when the request was due",
    "sent_ns": "when it was sent",
    "received_ns": "when its reply was complete",
    "connection": "which connection it was on, numbered through over the generator's processes",
    "unanswered_intended_ns": "of a request without a reply: when it was due",
    "unanswered_sent_ns": "when it was sent; the least int64 if it never was",
    "unanswered_connection": "which connection it was on",
}


def page() -> str:
    """Return the page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# File formats"
    yield ""
    yield "Made from the types (`python -m tests.support.formats`); a test holds the two equal."
    yield f"The schema is {SCHEMA}; older ones are read (`bench/store/upgrades.py`). Times carry"
    yield "their unit in their name."
    yield ""
    yield "| in the run folder | what it is |"
    yield "|---|---|"
    yield from (f"| `{name}` | {what} |" for name, what in FILES.items())
    for title, kinds in ORDER.items():
        yield from ("", f"## {title}")
        for kind in kinds:
            yield from _described(kind)
    yield from ("", "## samples/*.npz", "")
    yield "Arrays of int64, an element a request; times in nanoseconds since the window opened."
    yield from ("", "| array | what it is |", "|---|---|")
    yield from (f"| `{name}` | {what} |" for name, what in SAMPLES.items())


def _described(kind: type) -> Iterator[str]:
    yield from ("", f"### {kind.__name__}", "", "```text")
    yield inspect.getdoc(kind) or ""
    yield from ("```", "", "| field | type |", "|---|---|")
    yield from (f"| `{name}` | {_words(of)} |" for name, of in _fields(kind).items())


def _fields(kind: type) -> dict[str, typing.Any]:
    hints = typing.get_type_hints(kind)
    if dataclasses.is_dataclass(kind):
        return {field.name: hints[field.name] for field in dataclasses.fields(kind)}
    return hints


def _words(of: typing.Any) -> str:
    """Return a type as a reader of JSON knows it."""
    name = of.__name__ if isinstance(of, type) and not typing.get_args(of) else str(of)
    name = re.sub(r"\b[a-z_]+(\.[a-z_]+)*\.(?=[A-Z])", "", name)
    return f"`{name}`".replace("|", "or").replace("NoneType", "null").replace("None", "null")


if __name__ == "__main__":
    print(page(), end="")
