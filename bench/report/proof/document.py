"""A proof as Markdown to paste, as JSON, as a page, and for a terminal."""

import dataclasses
import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from bench.analysis.metrics import METRICS
from bench.comparing import gates
from bench.comparing.gates import Judgement
from bench.proving.decision import Decision, Finding
from bench.proving.profile.result import ON_CPU, Profile, differences
from bench.proving.proof import Proof
from bench.report.drawing import palette
from bench.report.files import as_json
from bench.report.page.templating import environment
from bench.report.proof import flames, words

COLOURS = {
    **dict.fromkeys((Decision.FASTER, Decision.CHEAPER), "green"),
    **dict.fromkeys((Decision.SLOWER, Decision.DEARER), "red"),
}
# System calls that are made more seldom are of the start, and not of a request.
CALLS_LEAST = 0.01


def content(proof: Proof) -> dict[str, Any]:
    """Return what page and Markdown show."""
    several = len({finding.workload for finding in proof.findings}) > 1
    return {
        "proof": proof,
        "paragraph": words.paragraph(proof),
        "several": several,
        "rows": [_row(proof, finding) for finding in proof.findings],
        "participants": [words.ran_under(each) for each in (proof.a, proof.b)],
        "command": shlex.join(proof.command),
        "profile": proof.profile,
        "functions": _functions(proof),
        "costs": costs_us(proof),
        "calls": [] if proof.profile is None else list(calls(proof.profile)),
    }


def _row(proof: Proof, finding: Finding) -> dict[str, str]:
    return {
        "workload": finding.workload,
        "figure": METRICS[finding.figure].title,
        "a": words.value(finding, finding.a),
        "b": words.value(finding, finding.b),
        "ratio": words.ratio(finding),
        "answer": words.answer(finding, proof.margin),
        "explained": words.explained(finding, proof.margin),
    }


def _functions(proof: Proof) -> list[tuple[str, str, str]]:
    """Return functions and what they take themselves in A and B, in words.

    The CPU time per request, where the samples are of that; else the part of the samples.
    """
    profile = proof.profile
    if profile is None or not profile.sampler:
        return []
    costs = costs_us(proof) or (None, None)
    return [
        (each.function, _taken(each.a, costs[0]), _taken(each.b, costs[1]))
        for each in differences(profile.a.stacks, profile.b.stacks)
    ]


def costs_us(proof: Proof) -> tuple[float, float] | None:
    """Return the CPU time of a request in A and B, which the samples are parts of.

    None where it is not known, or where samples are taken by the clock on the wall: they are of
    waits as well, if these are short.
    """
    profile = proof.profile
    if profile is None or profile.sampler not in ON_CPU:
        return None
    for each in proof.findings:
        known = each.a is not None and each.b is not None
        if known and (each.workload, each.figure) == (profile.workload, "cpu"):
            return each.a or 0.0, each.b or 0.0
    return None


def _taken(share: float, cpu_us: float | None) -> str:
    return f"{share:.0%}" if cpu_us is None else f"{share * cpu_us:.2f} µs"


def calls(profile: Profile) -> Iterator[tuple[str, str, str]]:
    """Yield the system calls and how often a request makes them, in A and in B, in words."""
    a, b = profile.a.calls, profile.b.calls
    for name in {**a, **b}:
        if max(a.get(name, 0.0), b.get(name, 0.0)) >= CALLS_LEAST:
            yield name, f"{a.get(name, 0.0):.2f}", f"{b.get(name, 0.0):.2f}"


def markdown(proof: Proof) -> str:
    """Return one paragraph and one table, to be pasted."""
    return environment(autoescape=False).get_template("ab.md.j2").render(content(proof))


def html(proof: Proof) -> str:
    """Return the self-contained page, with flame graphs where there is a profile."""
    graphs = [] if proof.profile is None else flames.both(proof.profile, costs_us(proof))
    template = environment(autoescape=True).get_template("ab.html.j2")
    return template.render(content(proof), graphs=graphs, colours=palette.themes())


def document(proof: Proof, judged: Sequence[Judgement] = ()) -> str:
    """Return it as JSON: ratios with intervals and decisions, by workload and figure."""
    plain: dict[str, Any] = dataclasses.asdict(proof)
    plain["decision"] = gates.gravest(judged)
    plain["gates"] = [dataclasses.asdict(each) for each in judged]
    return as_json(plain)


def table(proof: Proof) -> Group:
    """Return it for a terminal: the paragraph, then the table."""
    grid = Table(box=None, pad_edge=False)
    shown = content(proof)
    titles = {"workload": "workload"} if shown["several"] else {}
    titles |= {"figure": "figure", "a": "A", "b": "B", "ratio": "B / A", "answer": ""}
    for name, title in titles.items():
        left = name in ("workload", "figure", "answer")
        grid.add_column(title, justify="left" if left else "right", no_wrap=True)
    for row, finding in zip(shown["rows"], proof.findings, strict=True):
        grid.add_row(*(row[name] for name in titles), style=COLOURS.get(finding.decision, ""))
    versions = [
        Text(f"{side} is {of}") for side, of in zip("AB", shown["participants"], strict=True)
    ]
    return Group(Text(shown["paragraph"]), "", grid, "", *versions)
