"""A figure against the work of a request, with what would be ideal."""

from collections.abc import Callable

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator

from bench.base import wording
from bench.report.charts import latency, lines
from bench.report.drawing import palette
from bench.report.drawing.canvas import Canvas
from bench.report.view.cell_view import CellView
from bench.report.view.run_view import Subject, work_us

Draw = Callable[[Canvas, Axes, Subject], None]
# Of the axis, in decades: what lies between no work and the least.
LINEAR = 0.5


def against(column: str, write: Callable[[float], str], *, ideal: bool = False) -> Draw:
    """Return what draws a column against the work; ideal: with the line of the ideal."""

    def draw(canvas: Canvas, axes: Axes, subject: Subject) -> None:
        if ideal:
            _ideal(axes, subject)
        servers = subject.by_server()
        dashes = lines.dashes(cells[0] for cells in servers)
        ends = []
        for cells in servers:
            drawn = points(cells, column)
            if drawn:
                tip = _tip(drawn, write)
                _line(canvas, axes, drawn, dashes[cells[0].index], tip)
                cell, place, value = drawn[-1]
                ends.append((cell, wording.shortened(cell.server), tip, place, value))
        _scales(axes, subject, column)
        lines.names(canvas, axes, ends)

    return draw


def points(cells: list[CellView], column: str) -> list[tuple[CellView, float, float]]:
    """Return the cells that have a figure with their work in us and its value."""
    return [
        (cell, cell.workload.work.us if cell.workload.work else 0.0, estimate.value)
        for cell in cells
        if (estimate := cell.estimate(column)) is not None
    ]


def _line(
    canvas: Canvas,
    axes: Axes,
    drawn: list[tuple[CellView, float, float]],
    dash: lines.Dash,
    tip: str,
) -> None:
    colour = palette.of(drawn[0][0].family)
    places, values = [place for _, place, _ in drawn], [value for _, _, value in drawn]
    line = axes.plot(places, values, color=colour, linestyle=dash)[0]
    canvas.mark(line, drawn[0][0], tip)
    for cell, place, value in drawn:
        fill = colour if cell.verdict.valid else palette.PAPER[0]
        dot = axes.plot(place, value, "o", ms=4.5, mfc=fill, mec=colour)[0]
        canvas.mark(dot, cell, tip)


def _ideal(axes: Axes, subject: Subject) -> None:
    known = [(work_us(item), item.ideal_rps) for item in subject.workloads if item.ideal_rps]
    if known:
        axes.plot(*zip(*known, strict=True), color=palette.MUTED[0], linestyle=":", lw=1.2)


def _scales(axes: Axes, subject: Subject, column: str) -> None:
    """Make the axis of work logarithmic, with room for none, and the other as its figure needs."""
    places = sorted({work_us(item) for item in subject.workloads})
    least = next(place for place in places if place)
    if places[0] == 0:
        axes.set_xscale("symlog", linthresh=least, linscale=LINEAR)
    else:
        axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(places))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda tick, _: wording.tick(tick) if tick else "none")
    )
    if len(places) > 5:
        axes.tick_params(axis="x", labelsize=lines.LABEL_PT - 0.5)
    if column.endswith("_rps"):
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda tick, _: wording.scale(tick)))
        axes.tick_params(which="minor", length=0)
    else:
        latency.times(axes)
    axes.grid(visible=True)
    axes.set_xlabel("work of a request")


def _tip(drawn: list[tuple[CellView, float, float]], write: Callable[[float], str]) -> str:
    values = [f"{wording.tick(us) if us else 'none'}: {write(value)}" for _, us, value in drawn]
    return f"{drawn[0][0].server}: {', '.join(values)}"
