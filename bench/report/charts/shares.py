"""Fairness between connections, CPU against throughput, and everything relative to the best."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter

from bench.analysis import metrics
from bench.base import wording
from bench.report.charts import bars, lines
from bench.report.drawing import palette, scales
from bench.report.drawing.canvas import CHARACTER_IN, FONT_PT, Canvas, Margins
from bench.report.view.cell_view import NATIVE, CellView
from bench.report.view.run_view import Subject

# A connection with more than this times the mean is drawn at it.
SHARE_MAX = 2.5
POINTS_MAX = 40
CELL_IN = 0.22
SHORT = {"broken-echo": "broken", "not measured": "none yet"}


def fairness(canvas: Canvas, axes: Axes, subject: Subject) -> None:
    """Draw requests per connection relative to their mean, the connections sorted."""
    cells = [cell for cell in subject.workload.measured if _shares(cell) is not None]
    ends = []
    for cell in cells:
        shares = _shares(cell) or []
        places = np.linspace(0, 100, len(shares)).tolist()
        estimate = cell.estimate("fairness_jain")
        jain = "" if estimate is None else f"Jain's index {wording.number(estimate.value)}"
        tip = f"{lines.label(cell)}: {jain}"
        line = axes.plot(places, shares, color=cell.look.colour, linestyle=cell.look.dash)[0]
        canvas.mark(line, cell, tip)
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


def cost(canvas: Canvas, axes: Axes, subject: Subject) -> None:
    """Draw CPU per request against throughput, a point a server."""
    dots = []
    for cell in subject.workload.measured:
        rps, cpu = cell.estimate("throughput_rps"), cell.estimate("cpu_us_per_request")
        if rps is None or cpu is None or not rps.value or not cpu.value:
            continue
        tip = f"{lines.label(cell)}: {cell.throughput()}, {wording.estimate(cpu, 'µs')} a request"
        dot = axes.plot(rps.value, cpu.value, ms=6, **cell.look.points(cell.verdict.valid))[0]
        canvas.mark(dot, cell, tip)
        dots.append((cell, lines.label(cell), tip, rps.value, cpu.value))
        if cell.family == NATIVE:
            axes.axhline(cpu.value, color=palette.INK[0], lw=0.8, ls=":")
    if dots:
        scales.logarithmic(axes, "x", *_room([dot[3] for dot in dots]))
        scales.logarithmic(axes, "y", *_room([dot[4] for dot in dots]))
    axes.grid(visible=True)
    axes.set_xlabel("requests/s")
    axes.set_ylabel("CPU µs per request")
    lines.names(canvas, axes, dots)


def _room(values: list[float]) -> tuple[float, float]:
    """Return limits of a logarithmic axis around values, which may all be the same."""
    span = max(1.5, max(values) / min(values)) ** 0.08
    return min(values) / span, max(values) * span


def heat_margins(subject: Subject) -> Margins:
    """Leave room for the servers on the left and the slanted workloads below."""
    longest = max(len(item.label) for item in subject.workloads)
    servers = {cell.index for item in subject.workloads for cell in item.cells}
    left = max(bars.margins(Subject("", (item,))).left for item in subject.workloads)
    return Margins(left, 0.2, 0.2 + longest * CHARACTER_IN * 0.6, CELL_IN * len(servers))


def heat(canvas: Canvas, axes: Axes, subject: Subject) -> None:
    """Draw how near each ranked cell comes to the best of its workload, in percent."""
    best = [max((_merit(cell) for cell in item.ranked), default=0.0) for item in subject.workloads]
    table: dict[int, dict[int, CellView]] = {}
    for column, item in enumerate(subject.workloads):
        for cell in item.cells:
            table.setdefault(cell.index, {})[column] = cell

    def standing(cells: dict[int, CellView]) -> float:
        shares = [_merit(cell) / best[column] for column, cell in cells.items() if cell.ranked]
        return -sum(shares) / len(best)

    for row, cells in enumerate(sorted(table.values(), key=standing)):
        bars.name(canvas, axes, row, next(iter(cells.values())), "")
        for column, cell in cells.items():
            _square(canvas, axes, row, column, cell, best[column])
    axes.set_xlim(0, len(best))
    axes.set_ylim(len(table) - 0.5, -0.5)
    axes.set_yticks([])
    axes.set_xticks(
        [column + 0.5 for column in range(len(best))],
        [item.label for item in subject.workloads],
        rotation=35,
        ha="right",
        rotation_mode="anchor",
    )
    axes.spines["bottom"].set_visible(False)


def _merit(cell: CellView) -> float:
    """Return what is larger for the better: what ranks, or its inverse where less is better."""
    estimate = cell.estimate(cell.leading)
    if not cell.verdict.ranked or estimate is None or not estimate.value:
        return 0.0
    more_is_better = metrics.leading(cell.workload).more_is_better
    return estimate.value if more_is_better else 1 / estimate.value


def _square(canvas: Canvas, axes: Axes, row: int, column: int, cell: CellView, best: float) -> None:
    share = _merit(cell) / best if best else 0.0
    tip = f"{lines.label(cell)}: {cell.throughput() or 'no figures'}"
    square = Rectangle((column + 0.02, row - 0.46), 0.96, 0.92, lw=0)
    if not share:
        square.set(facecolor="none", edgecolor=palette.RULE[0], hatch=bars.HATCH, lw=0.6)
        text = SHORT.get(cell.verdict.name, cell.verdict.name)
    else:
        # Pale enough for the text on it, in the dark as well.
        square.set(facecolor=palette.of("asyncio"), alpha=0.06 + 0.54 * min(1.0, share) ** 1.5)
        text = f"{'≥' if cell.bound else ''}{share:.0%}"
    canvas.mark(axes.add_patch(square), cell, tip)
    size = FONT_PT - (1 if share else 2.5)
    written = axes.text(column + 0.5, row, text, ha="center", va="center_baseline", size=size)
    canvas.mark(written, cell, tip)
