"""What is said of runs over time, wherever it is shown."""

from collections.abc import Iterator
from typing import Any

from bench.analysis.metrics import Metric
from bench.base import wording
from bench.base.estimate import Estimate
from bench.history.timeline import Point, Series, Step, Timeline
from bench.model.run import Run

# Of what is no time.
UNITS = {"throughput": "/s", "cpu": "µs", "memory": "MiB"}
# Of a commit's hash as many letters as git shows.
COMMIT = 9
UNCHANGED, UNTOLD = "no step", "not told: some are bounds"


def value(figure: Metric, of: Estimate) -> str:
    """Return a value with its interval and unit."""
    unit = UNITS.get(figure.name)
    return wording.interval(of) if unit is None else wording.estimate(of, unit)


def point(figure: Metric, of: Point) -> str:
    """Return the figure of a run; where it is a bound, with the sign of that."""
    mark = ("≥ " if figure.more_is_better else "≤ ") if of.bound else ""
    return mark + value(figure, of.value)


def name(run: Run) -> str:
    """Return what a run is of: its commit where it knows one, else its folder's name."""
    commit = run.header.commit
    if not commit:
        return run.header.run_id
    dirty = "+" if commit.endswith("+") else ""
    return commit.rstrip("+")[:COMMIT] + dirty


def day(run: Run) -> str:
    """Return the day on which a run began, UTC."""
    return run.header.created_at[:10]


def when(timeline: Timeline, run: int) -> str:
    """Return what a run is of, and its day: `3f2a91c of 2026-11-03`."""
    return f"{name(timeline.runs[run])} of {day(timeline.runs[run])}"


def step(timeline: Timeline, of: Step) -> str:
    """Return `1.12 (1.08 to 1.16), better, at 3f2a91c of 2026-11-03`."""
    direction = "better" if of.better else "worse"
    return f"{wording.ranged(of.ratio)}, {direction}, at {when(timeline, of.at)}"


def steps(timeline: Timeline, series: Series) -> str:
    """Return all steps of a cell in words."""
    told = "; ".join(step(timeline, each) for each in series.steps)
    return told or (UNTOLD if any(each.bound for each in series.points) else UNCHANGED)


def head(timeline: Timeline) -> str:
    """Return how many runs there are, and from when to when."""
    first, last = timeline.runs[0], timeline.runs[-1]
    return f"{len(timeline.runs)} runs of one machine, {day(first)} to {day(last)}"


def notes(timeline: Timeline) -> Iterator[str]:
    """Yield what is to be known of the steps."""
    figures = dict.fromkeys(series.figure for series in timeline.series)
    for figure in figures:
        noise = timeline.noise.get(figure.name)
        if noise is None:
            yield (
                f"In {figure.title} too few neighbouring runs tell what runs differ by without a "
                "change, so no step is marked: more runs will tell, and bench compare has the "
                "ratio of two."
            )
        else:
            yield (
                f"In {figure.title} neighbouring runs differ by {noise:.1%} without a change, "
                "beyond what their trials tell; a step exceeds that, at 5 % over all steps of all "
                "cells."
            )
    if together := moved_together(timeline):
        runs = wording.listing([name(timeline.runs[at]) for at in together])
        yield (
            f"At {runs} most cells took a step the same way: unless all servers changed, the "
            "machine did."
        )
    if timeline.undrawn:
        cells = wording.listing([f"{server} ({label})" for server, label in timeline.undrawn])
        yield f"Not drawn, for fewer than two runs have figures that stand: {cells}."
    for run, why in timeline.left_out:
        yield f"Left out: {run} {why}."


def moved_together(timeline: Timeline) -> list[int]:
    """Return the runs at which more than half of the cells took a step in one direction."""
    if len(timeline.series) < 3:
        return []
    directions: dict[int, list[bool]] = {}
    for series in timeline.series:
        for each in series.steps:
            directions.setdefault(each.at, []).append(each.better)
    half = len(timeline.series) / 2
    return sorted(at for at, of in directions.items() if max(sum(of), len(of) - sum(of)) > half)


def document(timeline: Timeline) -> dict[str, Any]:
    """Return all of it as plain values, for `--json`."""
    runs = [
        {
            "run": run.header.run_id,
            "created_at": run.header.created_at,
            "commit": run.header.commit,
        }
        for run in timeline.runs
    ]
    return {
        "runs": runs,
        "left_out": [{"run": run, "why": why} for run, why in timeline.left_out],
        "undrawn": [{"server": one, "workload": label} for one, label in timeline.undrawn],
        "noise": timeline.noise,
        "cells": [_cell(series) for series in timeline.series],
    }


def _cell(series: Series) -> dict[str, Any]:
    return {
        "server": series.cell.server,
        "workload": series.label,
        "figure": series.figure.name,
        "points": [
            {"run": each.run, **_ends("value", each.value), "bound": each.bound}
            for each in series.points
        ],
        "steps": [
            {"run": each.at, **_ends("ratio", each.ratio), "better": each.better}
            for each in series.steps
        ],
    }


def _ends(name: str, of: Estimate) -> dict[str, float | None]:
    return {name: of.value, f"{name}_lo": of.low, f"{name}_hi": of.high}


def labels(timeline: Timeline) -> list[str]:
    """Return the workloads, in the order of the run."""
    return list(dict.fromkeys(series.label for series in timeline.series))
