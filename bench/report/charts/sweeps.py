"""Charts over an axis: a figure against offered load, connections, payload or size of pools."""

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from bench.base import wording
from bench.report.charts import latency, lines
from bench.report.drawing import palette
from bench.report.drawing.canvas import Canvas, Margins
from bench.report.view.cell_view import CellView
from bench.report.view.run_view import Subject

Draw = Callable[[Canvas, Axes, Subject], None]


@dataclass(frozen=True)
class Axis:
    """An axis of a workload, with its name under the chart."""

    key: str
    name: str

    def of(self, cell: CellView) -> float:
        """Return where a cell is on it."""
        return float(cell.workload.axes[self.key] or 0)

    def written(self, place: float) -> str:
        """Return a place on it in a tip."""
        return f"{place:,g}"

    def finish(self, axes: Axes, subject: Subject) -> None:
        """Scale it: logarithmic if its values span more than a factor of eight."""
        places = sorted({self.of(cell) for cells in subject.by_server() for cell in cells})
        if places[-1] > 8 * places[0]:
            axes.set_xscale("log")
            axes.xaxis.set_minor_locator(NullLocator())
        if len(places) <= 6:
            axes.xaxis.set_major_locator(FixedLocator(places))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: wording.scale(tick)))


OFFERED = Axis("rate", "requests/s offered")
CONNECTIONS = Axis("connections", "connections")
PAYLOAD = Axis("payload_bytes", "bytes of a request")
POOL_SIZE = Axis("pool_size", "workers of a pool")


def margins(subject: Subject) -> Margins:
    """Leave room for the names on the right."""
    return lines.margins([wording.shortened(cells[0].server) for cells in subject.by_server()])


def load(canvas: Canvas, axes: Axes, subject: Subject) -> None:
    """Draw p99 of response time against the offered load, with the point of saturation."""
    _draw(canvas, axes, subject, OFFERED, "p99_us", wording.duration)
    for cells in subject.by_server():
        for cell in cells:
            p99, rate = cell.estimate("p99_us"), OFFERED.of(cell)
            if p99 is None or not cell.saturated:
                continue
            past = axes.plot(
                rate,
                p99.value,
                "X",
                ms=7,
                color=cell.look.colour,
                mec=palette.PAPER[0],
            )[0]
            canvas.mark(past, cell, f"{cell.server} is saturated at {rate:,.0f} requests/s")
            break
    _finish(axes, subject, OFFERED)
    latency.times(axes)
    _names(canvas, axes, subject, OFFERED, "p99_us", wording.duration)


def throughput(axis: Axis) -> Draw:
    """Return what draws throughput against an axis."""
    return against(axis, "throughput_rps", per_second, _from_zero)


def p99(axis: Axis) -> Draw:
    """Return what draws p99 of response time against an axis."""
    return against(axis, "p99_us", wording.duration, latency.times)


def memory(axis: Axis) -> Draw:
    """Return what draws memory against an axis."""
    return against(axis, "memory_mib", _mib, _from_zero)


def against(
    axis: Axis, column: str, write: Callable[[float], str], scale: Callable[[Axes], None]
) -> Draw:
    """Return what draws a column against an axis; scale: finishes the other one."""

    def draw(canvas: Canvas, axes: Axes, subject: Subject) -> None:
        _draw(canvas, axes, subject, axis, column, write)
        _finish(axes, subject, axis)
        scale(axes)
        _names(canvas, axes, subject, axis, column, write)

    return draw


def per_second(value: float) -> str:
    """Return a rate in a tip."""
    return f"{wording.number(value)} /s"


def _mib(value: float) -> str:
    return f"{wording.number(value)} MiB"


def points(cells: list[CellView], axis: Axis, column: str) -> list[tuple[CellView, float, float]]:
    """Return the cells that have a figure with its place on the axis and its value."""
    return [
        (cell, axis.of(cell), estimate.value)
        for cell in cells
        if (estimate := cell.estimate(column)) is not None
    ]


def _draw(
    canvas: Canvas,
    axes: Axes,
    subject: Subject,
    axis: Axis,
    column: str,
    write: Callable[[float], str],
) -> None:
    servers = subject.by_server()
    for cells in servers:
        drawn = points(cells, axis, column)
        colour = cells[0].look.colour
        tip = _tip(axis, drawn, write)
        line = axes.plot(
            [place for _, place, _ in drawn],
            [value for _, _, value in drawn],
            color=colour,
            linestyle=cells[0].look.dash,
        )[0]
        canvas.mark(line, cells[0], tip)
        for cell, place, value in drawn:
            dot = axes.plot(place, value, ms=4.5, **cell.look.points(cell.verdict.valid))[0]
            canvas.mark(dot, cell, f"{lines.label(cell)}, {axis.written(place)}: {write(value)}")


def _finish(axes: Axes, subject: Subject, axis: Axis) -> None:
    axis.finish(axes, subject)
    axes.grid(visible=True)
    axes.set_xlabel(axis.name)


def _from_zero(axes: Axes) -> None:
    axes.set_ylim(0, 1.06 * axes.dataLim.y1)  # a dot on the highest point is whole
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda tick, _: wording.scale(tick)))


def _names(
    canvas: Canvas,
    axes: Axes,
    subject: Subject,
    axis: Axis,
    column: str,
    write: Callable[[float], str],
) -> None:
    drawn_of = [points(cells, axis, column) for cells in subject.by_server()]
    ends = [
        (
            drawn[-1][0],
            wording.shortened(drawn[-1][0].server),
            _tip(axis, drawn, write),
            drawn[-1][1],
            drawn[-1][2],
        )
        for drawn in drawn_of
        if drawn
    ]
    lines.names(canvas, axes, ends)


def _tip(
    axis: Axis, drawn: list[tuple[CellView, float, float]], write: Callable[[float], str]
) -> str:
    if not drawn:
        return ""
    values = ", ".join(f"{axis.written(place)}: {write(value)}" for _, place, value in drawn)
    return f"{drawn[0][0].server}: {values}"
