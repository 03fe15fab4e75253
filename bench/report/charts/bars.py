"""One bar a server: throughput, CPU per request, memory."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from bench.base import wording
from bench.base.estimate import Estimate
from bench.report.drawing import palette, scales
from bench.report.drawing.canvas import CHARACTER_IN, EDGE_IN, FONT_PT, PANEL_IN, Canvas, Margins
from bench.report.view import columns
from bench.report.view.cell_view import NATIVE, CellView, WorkloadView
from bench.report.view.run_view import Subject

ROW_IN = 0.21
GAP_IN = 0.06
HATCH = "//////"
# Of more servers a page would grow beyond its size for dots that are too near to be told apart.
DOTTED_MOST = 10
DOT: Any = {
    "ls": "",
    "marker": "o",
    "ms": 2.4,
    "mew": 0.5,
    "mfc": palette.PAPER[0],
    "mec": palette.INK[0],
}
# `≥ 135,000`, and what is beside it.
VALUE_CHARACTERS = 11


def margins(subject: Subject) -> Margins:
    """Leave room for the names on the left, the numbers on the right, and the scale below."""
    longest = max(len(wording.shortened(cell.server)) for cell in subject.workload.cells)
    left = min(2 * EDGE_IN + longest * CHARACTER_IN, PANEL_IN * 0.45)
    remark = max(len(_remark(cell)) for cell in subject.workload.cells)
    right = min((VALUE_CHARACTERS + remark) * CHARACTER_IN * 0.85, PANEL_IN * 0.3) + EDGE_IN
    return Margins(left, right, 0.42, ROW_IN * len(subject.workload.cells) + 0.06)


def throughput(canvas: Canvas, axes: Axes, subject: Subject) -> None:
    """Draw correct replies per second, the fastest on top."""
    _bars(canvas, axes, subject.workload.cells, "throughput_rps", "requests/s")


def cpu(canvas: Canvas, axes: Axes, subject: Subject) -> None:
    """Draw CPU time of the server's processes per request, the cheapest on top."""
    column = "cpu_us_per_request"
    cells = _cheapest(subject.workload, column)
    _bars(canvas, axes, cells, column, "CPU µs per request")
    for row, cell in enumerate(cells):
        _kernel(canvas, axes, row, cell)


def switches(canvas: Canvas, axes: Axes, subject: Subject) -> None:
    """Draw the context switches of the server's threads per request, the fewest on top."""
    column = "ctx_switches_per_request"
    _bars(canvas, axes, _cheapest(subject.workload, column), column, "switches per request")


def memory(canvas: Canvas, axes: Axes, subject: Subject) -> None:
    """Draw the memory of the server's processes, the smallest on top."""
    _bars(canvas, axes, _cheapest(subject.workload, "memory_mib"), "memory_mib", "MiB")


def _cheapest(workload: WorkloadView, column: str) -> list[CellView]:
    def place(cell: CellView) -> tuple[bool, bool, float]:
        estimate = cell.estimate(column)
        return (not cell.ranked, cell.family == NATIVE, estimate.value if estimate else 0.0)

    return sorted(workload.cells, key=place)


def _bars(canvas: Canvas, axes: Axes, cells: Sequence[CellView], column: str, scale: str) -> None:
    estimates = [cell.estimate(column) for cell in cells]
    texts = _texts(cells, column)
    ends = [value.high or value.value for value in estimates if value is not None]
    if len(cells) <= DOTTED_MOST:
        ends += [trial for cell in cells for trial in cell.by_block(column).values()]
    limit = 1.02 * max(ends, default=0) or 1.0
    for row, (cell, value, text) in enumerate(zip(cells, estimates, texts, strict=True)):
        canvas.record(cell, column, value)
        _row(canvas, axes, row, cell, value, text)
        if len(cells) <= DOTTED_MOST:
            _trials(canvas, axes, row, cell, column)
    axes.set_xlim(0, limit)
    axes.set_ylim(len(cells) - 0.4, -0.6)
    axes.set_yticks([])
    axes.xaxis.set_major_locator(MaxNLocator(5))
    scales.plain(axes.xaxis)
    axes.grid(visible=True, axis="x")
    axes.set_xlabel(scale)


def at_both_ends(
    canvas: Canvas,
    axes: Axes,
    place: float,
    cell: CellView,
    texts: tuple[str, str],
    tip: str,
    **look: Any,
) -> None:
    """Write what stands left of a row and right of it; look: size and colour."""
    room = GAP_IN / canvas.size_in(axes)[0]
    for at, text, side in ((-room, texts[0], "right"), (1 + room, texts[1], "left")):
        written = axes.text(
            at,
            place,
            text,
            transform=axes.get_yaxis_transform(),
            va="center_baseline",
            ha=side,
            **look,
        )
        canvas.mark(written, cell, tip)


def _texts(cells: Sequence[CellView], column: str) -> list[str]:
    """Return what stands behind each bar; of what is not valid its verdict as well."""
    values = columns.centres(cells, column)
    return [
        "  ".join(part for part in (value, _remark(cell)) if part)
        for value, cell in zip(values, cells, strict=True)
    ]


def _remark(cell: CellView) -> str:
    return "" if cell.verdict.valid else cell.verdict.name


def _row(
    canvas: Canvas,
    axes: Axes,
    row: int,
    cell: CellView,
    value: Estimate | None,
    text: str,
) -> None:
    sound = cell.verdict.valid
    tip = f"{cell.server}: {text}; {cell.verdict.name}"
    if value is not None:
        canvas.mark(axes.add_patch(_bar(row, value.value, cell.look.colour, sound)), cell, tip)
    if value is not None and value.low is not None and value.high is not None:
        whisker = axes.plot([value.low, value.high], [row, row], color=palette.INK[0], lw=1.2)[0]
        canvas.mark(whisker, cell, tip)
    label = axes.text(
        1 + GAP_IN / canvas.size_in(axes)[0],
        row,
        text,
        transform=axes.get_yaxis_transform(),
        va="center_baseline",
        size=FONT_PT - 1,
        color=palette.INK[0] if sound else palette.MUTED[0],
    )
    canvas.mark(label, cell, tip)
    name(canvas, axes, row, cell, tip)


def _kernel(canvas: Canvas, axes: Axes, row: int, cell: CellView) -> None:
    """Shade the part of a bar of CPU time that passed within the kernel."""
    column = "kernel_us_per_request"
    within = cell.estimate(column)
    if within is not None:
        part = Rectangle((0, row - 0.36), within.value, 0.72, facecolor=palette.INK[0], alpha=0.25)
        tip = f"{cell.server}: of it {wording.estimate(within, 'µs')} within the kernel"
        canvas.mark(axes.add_patch(part), cell, tip)
        canvas.record(cell, column, within)


def _trials(canvas: Canvas, axes: Axes, row: int, cell: CellView, column: str) -> None:
    """Draw each trial as a dot: what makes an interval wide is seen."""
    values = list(cell.by_block(column).values())
    if len(values) < 2:
        return
    dots = axes.plot(values, [row] * len(values), **DOT)[0]
    canvas.mark(dots, cell, f"{cell.server}: {len(values)} trials; {cell.verdict.name}")


def name(canvas: Canvas, axes: Axes, row: float, cell: CellView, tip: str) -> None:
    """Write a server's name left of its row."""
    written = axes.text(
        -GAP_IN / canvas.size_in(axes)[0],
        row,
        wording.shortened(cell.server),
        transform=axes.get_yaxis_transform(),
        va="center_baseline",
        ha="right",
    )
    canvas.mark(written, cell, tip)


def _bar(row: int, value: float, colour: str, sound: bool) -> Rectangle:
    """Return a filled bar, or a hatched one with a pale ground if the cell is not valid."""
    if sound:
        return Rectangle((0, row - 0.36), value, 0.72, facecolor=colour, edgecolor=colour)
    return Rectangle(
        (0, row - 0.36), value, 0.72, facecolor="none", edgecolor=colour, hatch=HATCH, lw=0.9
    )
