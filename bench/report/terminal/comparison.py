"""The ratios of two runs on a terminal: one table a workload, within 100 columns."""

from collections.abc import Sequence

from rich.console import Group
from rich.table import Table
from rich.text import Text

from bench.analysis.metrics import METRICS, Metric
from bench.base import wording
from bench.comparing.comparison import Comparison, Row

# The figures that a terminal has room for.
SHOWN = ("throughput", "p50", "p99", "cpu", "memory")
# By whether the true ratio may be more, and may be less, than the one measured.
BOUNDS = {(False, False): "", (True, False): "≥ ", (False, True): "≤ ", (True, True): "? "}


def table(comparison: Comparison) -> Group:
    """Return the ratios B / A for a terminal, one table a workload, within 100 columns."""
    labels = dict.fromkeys(row.label for row in comparison.rows)
    tables = [
        _workload(label, [row for row in comparison.rows if row.label == label]) for label in labels
    ]
    notes = [
        f"B / A: A is {comparison.name_a}, B is {comparison.name_b}; * and colour: it changed."
    ]
    if comparison.control:
        notes.append(
            f"Each ratio is over that of {comparison.control}, which stands for the machine."
        )
    if (drift := comparison.drift) is not None:
        notes.append(
            f"Every cell moved the same way, in throughput by {drift:.2f} (median): if the machine "
            "did that and not the servers, name one that did not change with --control."
        )
    if comparison.differing:
        notes.append(f"Forced, although they differ in {'; '.join(comparison.differing)}.")
    for which, cells in (("A", comparison.only_a), ("B", comparison.only_b)):
        if cells:
            names = [f"{cell.server} ({cell.workload.name})" for cell in cells]
            notes.append(f"Only in {which}: {wording.listing(names)}.")
    notes += [
        f"Not compared: {row.cell.server} ({row.label}), {row.before.name} in A, "
        f"{row.after.name} in B."
        for row in comparison.rows
        if not row.comparable
    ]
    return Group(*(piece for one in tables for piece in (one, "")), *map(Text, notes))


def _workload(label: str, rows: Sequence[Row]) -> Table:
    grid = Table(box=None, pad_edge=False, title=label, title_justify="left", title_style="bold")
    grid.add_column("server", max_width=20, overflow="fold")
    for name in SHOWN:
        grid.add_column("CPU" if name == "cpu" else name, justify="right", no_wrap=True)
    for row in rows:
        if row.comparable:
            grid.add_row(row.cell.server, *(_shown(row, METRICS[name]) for name in SHOWN))
    return grid


def _shown(row: Row, figure: Metric) -> Text:
    ratio = row.ratios.get(figure.name)
    if ratio is None:
        return Text("")
    more, less = row.may_be(figure)
    grown = ratio.value > 1
    text, style = BOUNDS[more, less] + wording.estimate(ratio), ""
    if figure.name in row.changed and not (less if grown else more):
        text += " *"
        style = "green" if grown == figure.more_is_better else "red"
    return Text(text, style=style)
