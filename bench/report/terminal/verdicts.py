"""The end of a run on a terminal: how many cells have which verdict, why, and what to do."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from bench.base import wording
from bench.model.run import workload_labels
from bench.model.trial import Cell
from bench.verdicts import checks
from bench.verdicts.verdict import Name, Verdict

# Beyond this many lines for one verdict a reader is better served by the report.
REASONS_MOST = 6
# What of a reason is of one cell alone, and what makes two of them differ.
BESIDE = re.compile(r"; near .*| of draws.*|^In \d+ of \d+ trials: ")
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
# In the order of the checks; what was not measured comes last.
NAMES = (Name.VALID, *(check.name for check in checks.CHECKS), Name.NOT_MEASURED)
# What explains and never decides: told of every cell that it holds for.
REMARKS = tuple(check.name for check in checks.CHECKS if not check.decides)


def summary(judged: Mapping[Cell, Verdict]) -> Group:
    """Return a line that counts the verdicts, and for each but `valid` its remedy and reasons."""
    counts = Counter(verdict.name for verdict in judged.values())
    line = ", ".join(f"{counts[name]} {name}" for name in NAMES if counts[name])
    by_name = {
        name: {cell: verdict for cell, verdict in judged.items() if verdict.name is name}
        for name in NAMES[1:]
    }
    by_name |= {name: _remarks(name, judged) for name in REMARKS}
    return Group(
        Text(f"verdicts: {line}", style="bold"),
        *(
            part
            for name, verdicts in by_name.items()
            if verdicts
            for part in _explained(name, verdicts, judged)
        ),
    )


def _remarks(name: Name, judged: Mapping[Cell, Verdict]) -> dict[Cell, Verdict]:
    """Return the notes of a name that hold for their cell, whatever its verdict is."""
    return {
        cell: note
        for cell, verdict in judged.items()
        if verdict.holds(name)
        for note in verdict.notes
        if note.name is name
    }


def _explained(
    name: str, verdicts: Mapping[Cell, Verdict], judged: Mapping[Cell, Verdict]
) -> list[Text | Padding]:
    remedy = " ".join(dict.fromkeys(verdict.remedy for verdict in verdicts.values()))
    all_of = f", all {len(judged)}" if len(verdicts) == len(judged) > 1 else ""
    reasons = _reasons(verdicts, everywhere=bool(all_of))
    lines = reasons[:REASONS_MOST]
    if more := len(reasons[REASONS_MOST:]):
        lines.append(f"and {more} more, in the report")
    head = Text.assemble((name, "bold"), f"{all_of}: {remedy}")
    return [head, *(Padding(Text(line, style="dim"), (0, 0, 0, 2)) for line in lines)]


def _reasons(verdicts: Mapping[Cell, Verdict], *, everywhere: bool) -> list[str]:
    """Return a line for each reason, with the servers and workloads that share it.

    Reasons that differ in their numbers alone are one. everywhere: no other cell is in the run, so
    that a reason of all of them needs no names.
    """
    labels = workload_labels(cell.workload for cell in verdicts)
    where: dict[str, dict[str, list[str]]] = {}
    alike: dict[str, list[str]] = {}
    for cell, verdict in verdicts.items():
        reason = BESIDE.sub("", verdict.reason)
        kind = NUMBER.sub("#", reason)
        alike.setdefault(kind, []).append(reason)
        by_server = where.setdefault(kind, {})
        by_server.setdefault(cell.server, []).append(labels[cell.workload])
    lines = []
    for kind, by_server in where.items():
        reason = _spanned(kind, alike[kind])
        places = "" if everywhere and len(where) == 1 else f"{_places(by_server)}: "
        lines.append(f"{places}{reason[:1].lower()}{reason[1:]}")
    return lines


def _spanned(kind: str, reasons: Sequence[str]) -> str:
    """Return reasons that differ in their numbers as one, with the ends of each number."""
    columns = zip(*(NUMBER.findall(reason) for reason in reasons), strict=True)
    ends = [sorted(set(column), key=_value) for column in columns]
    texts = iter(f"{each[0]} to {each[-1]}" if len(each) > 1 else each[0] for each in ends)
    return "".join(part if part != "#" else next(texts) for part in re.split("(#)", kind))


def _value(number: str) -> float:
    return float(number.replace(",", ""))


def _places(by_server: Mapping[str, list[str]]) -> str:
    """Return which servers in which workloads, those of the same workloads together."""
    together: dict[str, list[str]] = {}
    for server, workloads in by_server.items():
        together.setdefault(wording.listing(workloads), []).append(server)
    return "; ".join(
        f"{wording.listing(servers)} in {workloads}" for workloads, servers in together.items()
    )
