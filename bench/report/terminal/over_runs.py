"""Runs over time on a terminal: a line a cell, its course drawn in blocks."""

import math

from rich.console import Group
from rich.table import Table
from rich.text import Text

from bench.history.timeline import Series, Timeline
from bench.report.over_runs import words
from bench.report.terminal.fitting import fitted

LEVELS = "▁▂▃▄▅▆▇█"
# Of a series, as many of its last runs as a terminal has room for.
RUNS_MOST = 24
# However still a series is, its lowest and highest level are this far apart.
LEAST = 1.10
TITLES = ("first", "last", "course", "steps")
# On a narrow terminal these are left out, one after the other; the steps wrap.
DISPENSABLE = ("first",)
STEPS_LEAST = 24


def table(timeline: Timeline, width: int = 100) -> Group:
    """Return the series for a terminal of so many columns, one table a workload."""
    tables = fitted(
        TITLES,
        DISPENSABLE,
        width,
        lambda shown: [_workload(timeline, label, shown) for label in words.labels(timeline)],
    )
    pieces = (piece for one in tables for piece in (one, ""))
    head = Text(f"{words.head(timeline)}.", style="bold")
    return Group(head, *pieces, *map(Text, words.notes(timeline)))


def _workload(timeline: Timeline, label: str, shown: list[str]) -> Table:
    of_label = [series for series in timeline.series if series.label == label]
    figure = of_label[0].figure
    title = Text(f"{label}: {figure.title}", style="bold")
    grid = Table(box=None, pad_edge=False, title=title, title_justify="left")
    grid.add_column("server", no_wrap=True)
    for name in shown:
        if name == "steps":
            grid.add_column(name, min_width=STEPS_LEAST, max_width=60)
        else:
            right = name in ("first", "last")
            grid.add_column(name, justify="right" if right else "left", no_wrap=True)
    for series in of_label:
        cells = {
            "first": Text(words.point(figure, series.points[0])),
            "last": Text(words.point(figure, series.points[-1])),
            "course": Text(course(series)),
            "steps": _steps(timeline, series),
        }
        grid.add_row(Text(series.cell.server), *(cells[name] for name in shown))
    return grid


def _steps(timeline: Timeline, series: Series) -> Text:
    styles = {step.better for step in series.steps}
    style = ("green" if styles == {True} else "red") if len(styles) == 1 else ""
    return Text(words.steps(timeline, series), style=style)


def course(series: Series) -> str:
    """Return the values of the last runs as blocks of eight heights, on a logarithmic scale."""
    logs = [math.log(point.value.value) for point in series.points[-RUNS_MOST:]]
    middle = (min(logs) + max(logs)) / 2
    half = max(max(logs) - middle, math.log(LEAST) / 2)
    return "".join(
        LEVELS[round((value - middle + half) / (2 * half) * (len(LEVELS) - 1))] for value in logs
    )
