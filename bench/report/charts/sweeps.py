"""Charts over an axis: a figure against offered load, connections, payload or size of pools."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from bench.base import wording
from bench.base.estimate import Estimate
from bench.report.charts import latency, lines
from bench.report.charts.carried import law
from bench.report.drawing import palette, scales
from bench.report.drawing.canvas import Canvas, Margins
from bench.report.scaling import laws
from bench.report.view.cell_view import CellView
from bench.report.view.run_view import RunView, Subject
from bench.verdicts.verdict import Name

Draw = Callable[[Canvas, Axes, Subject], None]
# A cell, its place on the axis, its figure.
Point = tuple[CellView, float, Estimate]


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
        if 0 < 8 * places[0] < places[-1]:
            axes.set_xscale("log")
            axes.xaxis.set_minor_locator(NullLocator())
        if len(places) <= 6:
            axes.xaxis.set_major_locator(FixedLocator(places))
        scales.plain(axes.xaxis)


OFFERED = Axis("rate", "requests/s offered")
CONNECTIONS = Axis("connections", "connections")
IDLE = Axis("idle", "connections that never send")
PAYLOAD = Axis("payload_bytes", "bytes of a request")
POOL_SIZE = Axis("pool_size", "workers of a pool")
CPUS = Axis("cpus", "CPUs of the server")


def over(axis: Axis, column: str) -> Callable[[RunView], list[Subject]]:
    """Return what gives the sweeps of an axis in which any cell has a figure in a column."""

    def sweeps_of(view: RunView) -> list[Subject]:
        return [
            subject
            for subject in view.sweeps(axis.key)
            if any(points(cells, axis, column) for cells in subject.by_server())
        ]

    return sweeps_of


def margins(subject: Subject) -> Margins:
    """Leave room for the names on the right."""
    shown = foremost(subject)
    names = [cells[0].server for cells in subject.by_server() if cells[0].index in shown]
    return lines.margins([wording.shortened(name) for name in names])


def load(canvas: Canvas, axes: Axes, subject: Subject) -> None:
    """Draw p99 of response time against the offered load, with the point of saturation."""
    _draw(canvas, axes, subject, OFFERED, "p99_us", wording.duration)
    for cells in subject.by_server():
        for cell in cells:
            p99, rate = cell.estimate("p99_us"), OFFERED.of(cell)
            if p99 is None or cell.follows:
                continue
            past = axes.plot(
                rate,
                p99.value,
                "X",
                ms=7,
                color=cell.look.colour,
                mec=palette.PAPER[0],
            )[0]
            who = "the generator of" if cell.bound else ""
            told = f"{who} {cell.server} does not follow {rate:,.0f} requests/s".strip()
            canvas.mark(past, cell, told)
            break
    _finish(axes, subject, OFFERED)
    latency.times(axes)
    _names(canvas, axes, subject, OFFERED, "p99_us", wording.duration)


def throughput(axis: Axis) -> Draw:
    """Return what draws throughput against an axis, with the law of scaling where it fits."""
    points = against(axis, "throughput_rps", per_second, _from_zero)

    def draw(canvas: Canvas, axes: Axes, subject: Subject) -> None:
        if axis.key in laws.AXES:
            law.draw(canvas, axes, subject, axis.key, foremost(subject))
        points(canvas, axes, subject)

    return draw


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


def points(cells: list[CellView], axis: Axis, column: str) -> list[Point]:
    """Return the cells that have a figure with its place on the axis.

    A time is of all clients, or it is none: that of a server that starves some has no point.
    """
    return [
        (cell, axis.of(cell), estimate)
        for cell in cells
        if (estimate := cell.estimate(column)) is not None
        if not (column.endswith("_us") and cell.verdict.holds(Name.STARVED))
    ]


def foremost(subject: Subject) -> frozenset[int]:
    """Return the servers to be brought out, by the order of the last workload."""
    last = [cell for cell in subject.workloads[-1].cells if cell.metrics]
    drawn = {cells[0].index for cells in subject.by_server()}
    shown = lines.foremost(last)
    return shown if len(drawn) > lines.MANY else frozenset(drawn)


def _draw(
    canvas: Canvas,
    axes: Axes,
    subject: Subject,
    axis: Axis,
    column: str,
    write: Callable[[float], str],
) -> None:
    shown = foremost(subject)
    for cells in subject.by_server():
        drawn = points(cells, axis, column)
        look, faint = cells[0].look, cells[0].index not in shown
        tip = _tip(axis, drawn, write)
        places, values = [p for _, p, _ in drawn], [value.value for *_, value in drawn]
        style: Any = {"color": look.colour, "alpha": lines.FAINT if faint else 1}
        line = axes.plot(places, values, linestyle=look.dash, **style)[0]
        canvas.mark(line, cells[0], tip, faint=faint)
        for cell, place, value in drawn:
            told = f"{lines.label(cell)}, {axis.written(place)}: {_with_ends(value, write)}"
            canvas.record(cell, axis.written(place), value)
            if value.low is not None and value.high is not None:
                ends = axes.plot([place, place], [value.low, value.high], lw=1.1, **style)[0]
                canvas.mark(ends, cell, told, faint=faint)
            points_style = look.points(cell.verdict.valid) | {"alpha": style["alpha"]}
            dot = axes.plot(place, value.value, ms=4.5, **points_style)[0]
            canvas.mark(dot, cell, told, faint=faint)


def _with_ends(value: Estimate, write: Callable[[float], str]) -> str:
    """Return a figure with the ends of its interval."""
    if value.low is None or value.high is None:
        return write(value.value)
    return f"{write(value.value)} ({write(value.low)} to {write(value.high)})"


def _finish(axes: Axes, subject: Subject, axis: Axis) -> None:
    axis.finish(axes, subject)
    axes.grid(visible=True)
    axes.set_xlabel(axis.name)


def _from_zero(axes: Axes) -> None:
    axes.set_ylim(0, 1.06 * axes.dataLim.y1)  # a dot on the highest point is whole
    axes.yaxis.set_major_locator(MaxNLocator(6))
    scales.plain(axes.yaxis)


def _names(
    canvas: Canvas,
    axes: Axes,
    subject: Subject,
    axis: Axis,
    column: str,
    write: Callable[[float], str],
) -> None:
    shown = foremost(subject)
    ends = []
    for cells in subject.by_server():
        drawn = points(cells, axis, column)
        if drawn and cells[0].index in shown:
            cell, place, value = drawn[-1]
            name = wording.shortened(cell.server)
            ends.append((cell, name, _tip(axis, drawn, write), place, value.value))
    lines.names(canvas, axes, ends)


def _tip(axis: Axis, drawn: list[Point], write: Callable[[float], str]) -> str:
    if not drawn:
        return ""
    values = ", ".join(f"{axis.written(place)}: {write(value.value)}" for _, place, value in drawn)
    return f"{drawn[0][0].server}: {values}"
