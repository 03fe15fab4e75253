"""The ratios of two runs on a terminal: one table a workload, as wide as that allows."""

import dataclasses
import statistics
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from bench.analysis.metrics import METRICS, Metric
from bench.base import levels, wording
from bench.comparing import gates
from bench.comparing.comparison import Comparison, Row
from bench.comparing.gates import Decision, Judgement
from bench.model.trial import Cell
from bench.report.terminal.fitting import fitted

# The figures that a terminal has room for.
SHOWN = ("throughput", "p50", "p99", "cpu", "memory")
# On a narrow terminal these are left out, one after the other: the page has them.
DISPENSABLE = ("memory", "p50", "cpu")
# From here on a change is told as a factor.
MUCH = 1.0
ONE_RUN = (
    "One run a side cannot know what the machine did between them: a cell moves by 1 to 2 % "
    "without any change, which is not in these intervals. Measure in turns, A B A B (better three "
    "times or four), and compare A1 A2 vs B1 B2."
)
# By whether the true ratio may be more, and may be less, than the one measured.
BOUNDS = {(False, False): "", (True, False): "≥ ", (False, True): "≤ ", (True, True): "? "}


def table(comparison: Comparison, width: int = 100) -> Group:
    """Return the ratios B / A for a terminal of so many columns, one table a workload."""
    labels = dict.fromkeys(row.label for row in comparison.rows)
    tables = fitted(
        SHOWN,
        DISPENSABLE,
        width,
        lambda shown: [
            _workload(label, [row for row in comparison.rows if row.label == label], shown)
            for label in labels
        ],
    )
    head = f"B / A. A, the baseline, is {comparison.name_a}; B is {comparison.name_b}."
    legend = "* and colour: it changed; ≥ ≤ ?: a bound, the true ratio may be more, less, either."
    pieces = (piece for one in tables for piece in (one, ""))
    return Group(Text(head, style="bold"), *pieces, legend, *map(Text, notes(comparison)))


def notes(comparison: Comparison) -> list[str]:
    """Return what is to be known of the ratios, a sentence or two each."""
    told = [*_sureness(comparison)]
    if comparison.control:
        told.append(
            f"Each ratio is over that of {comparison.control}, which stands for the machine."
        )
    if (drift := comparison.drift) is not None:
        told.append(
            f"Every cell moved the same way, in throughput by {drift:.2f} (median): if the machine "
            "did that and not the servers, name one that did not change with --control."
        )
    if comparison.remade:
        told.append(f"Not the same in A and B: {'; '.join(comparison.remade)}.")
    if comparison.unrecorded:
        told.append(
            f"Not on record in a run of an earlier version, so not known to be equal: "
            f"{'; '.join(comparison.unrecorded)}."
        )
    if comparison.differing:
        told.append(f"Forced, although they differ in {'; '.join(comparison.differing)}.")
    for which, cells in (("A", comparison.only_a), ("B", comparison.only_b)):
        if cells:
            names = [f"{cell.server} ({comparison.labels[cell.workload]})" for cell in cells]
            told.append(f"Only in {which}: {wording.listing(names)}.")
    told += [
        f"Not compared: {row.cell.server} ({row.label}), {row.before.name} in A, "
        f"{row.after.name} in B."
        for row in comparison.rows
        if not row.comparable
    ]
    return told


def _workload(label: str, rows: Sequence[Row], shown: Sequence[str]) -> Table:
    grid = Table(box=None, pad_edge=False, title=Text(label, style="bold"), title_justify="left")
    grid.add_column("server", no_wrap=True, min_width=max(len(row.cell.server) for row in rows))
    for name in shown:
        grid.add_column("CPU" if name == "cpu" else name, justify="right", no_wrap=True)
    for row in rows:
        if row.comparable:
            grid.add_row(Text(row.cell.server), *(_shown(row, METRICS[name]) for name in shown))
    return grid


def _shown(row: Row, figure: Metric) -> Text:
    ratio = row.ratios.get(figure.name)
    if ratio is None:
        return Text("")
    more, less = row.may_be(figure)
    grown = ratio.value > 1
    text, style = BOUNDS[more, less] + wording.ranged(ratio), ""
    if row.surely_changed(figure):
        text += " *"
        style = "green" if grown == figure.more_is_better else "red"
    return Text(text, style=style)


def _sureness(comparison: Comparison) -> Iterator[str]:
    """Yield what this comparison would have shown, and what it cannot know."""
    sizes = {
        name: [row.detectable[name] for row in comparison.rows if name in row.detectable]
        for name in SHOWN
    }
    known = [f"{name} {size(statistics.median(of))}" for name, of in sizes.items() if of]
    if known:
        listed = wording.listing(known, len(known))
        yield (
            "The least change that would have been shown, with a power of 80 %, in the median "
            f"cell: {listed}."
        )
    if comparison.runs == (1, 1):
        yield ONE_RUN
        return
    many = " and ".join(map(str, comparison.runs))
    yield f"Intervals are of what runs differ by, {many} a side, and not trials."
    wanted = comparison.wanted
    if wanted is not None and wanted > min(comparison.runs):
        shown = f"{levels.WANTED:.0%} of the figure that ranks"
        yield f"By that, {wanted} runs a side would show {shown}, in the median cell."
    if not comparison.in_turns:
        yield (
            "All runs of one side were measured before those of the other: what the machine did in "
            "between reads as a change. Measure in turns, A B A B."
        )


def size(change: float) -> str:
    """Return a change that would have been shown: `3.2%`, `2.3 times`."""
    return f"{change:.1%}" if change < MUCH else f"{1 + change:.2g} times"


def lines(judged: Sequence[Judgement]) -> list[str]:
    """Return a line for each gate that failed or is undecided, and one that counts them."""
    words = {Decision.FAILED: "failed", Decision.UNDECIDED: "unsure"}
    found = [
        f"{words[each.decision]}: {each.cell}: {each.why}."
        for decision in words
        for each in judged
        if each.decision is decision
    ]
    counts = [(decision, sum(e.decision is decision for e in judged)) for decision in Decision]
    told = ", ".join(f"{count} {decision}" for decision, count in counts if count)
    return [*found, f"gates: {told}"] if judged else []


def document(comparison: Comparison, judged: Sequence[Judgement]) -> dict[str, Any]:
    """Return ratios with intervals and decisions, as plain values.

    The decision of a cell, or of a figure of it, is the gravest of the gates on it; none without.
    """
    return {
        "a": comparison.name_a,
        "b": comparison.name_b,
        "runs": list(comparison.runs),
        "runs_wanted": comparison.wanted,
        "in_turns": comparison.in_turns,
        "control": comparison.control or None,
        "differing": list(comparison.differing),
        "remade": list(comparison.remade),
        "unrecorded": list(comparison.unrecorded),
        "decision": gates.gravest(judged),
        "cells": [
            _cell(row, _about(judged, row.cell.server, row.label)) for row in comparison.rows
        ],
        "only_a": [_only(comparison, cell, judged) for cell in comparison.only_a],
        "only_b": [_only(comparison, cell, judged) for cell in comparison.only_b],
        "gates": [dataclasses.asdict(each) for each in judged],
    }


def _about(judged: Sequence[Judgement], server: str, label: str) -> list[Judgement]:
    return [each for each in judged if (each.server, each.workload) == (server, label)]


def _only(comparison: Comparison, cell: Cell, judged: Sequence[Judgement]) -> dict[str, Any]:
    label = comparison.labels[cell.workload]
    decision = gates.gravest(_about(judged, cell.server, label))
    return {"server": cell.server, "workload": label, "decision": decision}


def _cell(row: Row, judged: Sequence[Judgement]) -> dict[str, Any]:
    figures = {
        name: {
            "ratio": ratio.value,
            "ratio_lo": ratio.low,
            "ratio_hi": ratio.high,
            "changed": row.surely_changed(METRICS[name]),
            "detectable": row.detectable.get(name),
            "decision": gates.gravest(each for each in judged if each.figure == name),
        }
        for name, ratio in row.ratios.items()
    }
    return {
        "server": row.cell.server,
        "workload": row.label,
        "before": row.before.name,
        "after": row.after.name,
        "comparable": row.comparable,
        "decision": gates.gravest(judged),
        "figures": figures,
    }
