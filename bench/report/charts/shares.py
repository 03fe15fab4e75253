"""Fairness between connections, and everything relative to the best."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter

from bench.base import wording
from bench.base.estimate import Estimate
from bench.report.charts import bars, lines
from bench.report.drawing import palette
from bench.report.drawing.canvas import CHARACTER_IN, FONT_PT, Canvas, Margins
from bench.report.view.cell_view import CellView, WorkloadView
from bench.report.view.columns import against
from bench.report.view.run_view import Subject

# A connection with more than this times the mean is drawn at it.
SHARE_MAX = 2.5
POINTS_MAX = 40
CELL_IN = 0.22
SHORT = {"broken-echo": "broken", "not measured": "none yet"}


def fairness(canvas: Canvas, axes: Axes, subject: Subject) -> None:
    """Draw requests per connection relative to their mean, the connections sorted."""
    cells = [cell for cell in subject.workload.measured if _shares(cell) is not None]
    ends, shown = [], lines.foremost(cells)
    for cell in cells:
        shares, faint = _shares(cell) or [], cell.index not in shown
        places = np.linspace(0, 100, len(shares)).tolist()
        estimate = cell.estimate("fairness_jain")
        jain = "" if estimate is None else f"Jain's index {wording.number(estimate.value)}"
        tip = f"{lines.label(cell)}: {jain}"
        look, alpha = cell.look, lines.FAINT if faint else 1
        line = axes.plot(places, shares, color=look.colour, ls=look.dash, alpha=alpha)[0]
        canvas.mark(line, cell, tip, faint=faint)
        canvas.record(cell, "fairness_jain", estimate)
        if not faint:
            ends.append((cell, lines.label(cell), tip, 100.0, shares[-1]))
    axes.set_xlim(0, 100)
    axes.set_ylim(0, SHARE_MAX * 1.02)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:g}%"))
    axes.grid(visible=True)
    axes.set_xlabel("connections, from the worst served to the best")
    axes.set_ylabel("requests, mean = 1")
    lines.names(canvas, axes, ends)


def _shares(cell: CellView) -> list[float] | None:
    """Return the sorted shares of a cell's connections, averaged over its trials."""
    counts = [
        sorted(trial.result.replies_per_connection)
        for trial in cell.trials
        if trial.result is not None and any(trial.result.replies_per_connection)
    ]
    equal = [shares for shares in counts if len(shares) == len(counts[0])]
    if not equal or len(equal[0]) < 2:
        return None
    table = np.array(equal, dtype=float)
    mean = (table / table.mean(axis=1, keepdims=True)).mean(axis=0)
    parts = np.array_split(mean, min(len(mean), POINTS_MAX))
    return [min(SHARE_MAX, float(part.mean())) for part in parts]


def heat_margins(subject: Subject) -> Margins:
    """Leave room for the servers on the left and the slanted workloads below."""
    longest = max(len(item.label) for item in subject.workloads)
    servers = {cell.index for item in subject.workloads for cell in item.cells}
    left = max(bars.margins(Subject("", (item,))).left for item in subject.workloads)
    return Margins(left, 0.2, 0.2 + longest * CHARACTER_IN * 0.6, CELL_IN * len(servers))


def heat(canvas: Canvas, axes: Axes, subject: Subject) -> None:
    """Draw how near each ranked cell comes to the best of its workload, in percent."""
    table: dict[int, dict[int, tuple[WorkloadView, CellView]]] = {}
    for column, item in enumerate(subject.workloads):
        for cell in item.cells:
            table.setdefault(cell.index, {})[column] = (item, cell)

    def standing(cells: dict[int, tuple[WorkloadView, CellView]]) -> float:
        return -sum(_share(item, cell) for item, cell in cells.values()) / len(subject.workloads)

    for row, cells in enumerate(sorted(table.values(), key=standing)):
        bars.name(canvas, axes, row, next(iter(cells.values()))[1], "")
        for column, (item, cell) in cells.items():
            _square(canvas, axes, row, column, item, cell)
    axes.set_xlim(0, len(subject.workloads))
    axes.set_ylim(len(table) - 0.5, -0.5)
    axes.set_yticks([])
    axes.set_xticks(
        [column + 0.5 for column in range(len(subject.workloads))],
        [item.label for item in subject.workloads],
        rotation=35,
        ha="right",
        rotation_mode="anchor",
    )
    axes.spines["bottom"].set_visible(False)


def _share(item: WorkloadView, cell: CellView) -> float:
    """Return the paired ratio to the best, the better the larger; 0 without a place."""
    pair = item.order.against_best(cell.server) if cell.ranked else None
    if pair is None or pair.ratio is None or not pair.ratio.value:
        return 0.0
    ratio = pair.ratio.value
    return min(1.0, ratio if item.order.figure.more_is_better else 1 / ratio)


def _square(
    canvas: Canvas, axes: Axes, row: int, column: int, item: WorkloadView, cell: CellView
) -> None:
    share = _share(item, cell)
    told = against(item.order.against_best(cell.server)) if cell.ranked else "not ranked"
    tip = f"{cell.server}, {item.label}: {told}; {cell.verdict.name}"
    square = Rectangle((column + 0.02, row - 0.46), 0.96, 0.92, lw=0)
    if not share:
        square.set(facecolor="none", edgecolor=palette.RULE[0], hatch=bars.HATCH, lw=0.6)
        text = SHORT.get(cell.verdict.name, cell.verdict.name)
    else:
        # Pale enough for the text on it, in the dark as well.
        square.set(facecolor=palette.of("asyncio"), alpha=0.06 + 0.54 * share**1.5)
        text = f"{'≥' if cell.bound else ''}{share * 100:.0f}"
        canvas.record(cell, item.label, Estimate(share))
    canvas.mark(axes.add_patch(square), cell, tip)
    style = "normal" if cell.verdict.valid or not share else "italic"
    size = FONT_PT - (1 if share else 2.5)
    middle: Any = {"ha": "center", "va": "center_baseline"}
    written = axes.text(column + 0.5, row, text, size=size, style=style, **middle)
    canvas.mark(written, cell, tip)
