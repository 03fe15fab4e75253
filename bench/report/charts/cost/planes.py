"""Two figures of each server in one plane: what it costs and how long it takes to answer more."""

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.axes import Axes

from bench.base import wording
from bench.report.charts import latency, lines
from bench.report.decision import frontiers
from bench.report.drawing import palette, scales
from bench.report.drawing.canvas import Canvas
from bench.report.view.cell_view import NATIVE
from bench.report.view.run_view import Subject


@dataclass(frozen=True)
class Plane:
    """A figure beside throughput; lower is better.

    write: it in a tip; scale: finishes its axis, if not by its name alone
    """

    column: str
    name: str
    write: Callable[[float], str]
    scale: Callable[[Axes], None] | None = None


def _cpu(value: float) -> str:
    return f"{wording.number(value)} µs of CPU a request"


def _p99(value: float) -> str:
    return f"p99 {wording.duration(value)}"


CPU = Plane("cpu_us_per_request", "CPU µs per request", _cpu)
P99 = Plane("p99_us", "p99", _p99, latency.times)


def cost(canvas: Canvas, axes: Axes, subject: Subject) -> None:
    """Draw CPU per request against throughput, a point a server."""
    _draw(canvas, axes, subject, CPU)
    for cell, _, cpu in frontiers.points(subject.workload.measured, CPU.column):
        if cell.family == NATIVE:
            axes.axhline(cpu.value, color=palette.INK[0], lw=0.8, ls=":")


def frontier(canvas: Canvas, axes: Axes, subject: Subject) -> None:
    """Draw p99 against throughput, a point a server, with the line that nobody is beyond."""
    _draw(canvas, axes, subject, P99)
    corners = frontiers.of(subject.workload.ranked, P99.column)
    if len(corners) > 1:
        places = [[cell.value(name) for cell in corners] for name in ("throughput_rps", P99.column)]
        axes.step(*places, where="pre", color=palette.MUTED[0], lw=0.9, ls=":", zorder=0)


def _draw(canvas: Canvas, axes: Axes, subject: Subject, plane: Plane) -> None:
    points, shown = (
        frontiers.points(subject.workload.measured, plane.column),
        lines.foremost(subject.workload.measured),
    )
    named = []
    for cell, rps, figure in points:
        tip = f"{lines.label(cell)}: {cell.throughput()}, {plane.write(figure.value)}"
        faint = cell.index not in shown
        style = cell.look.points(cell.verdict.valid) | {"alpha": lines.FAINT if faint else 1}
        dot = axes.plot(rps.value, figure.value, ms=6, **style)[0]
        canvas.mark(dot, cell, tip, faint=faint)
        canvas.record(cell, "throughput_rps", rps)
        canvas.record(cell, plane.column, figure)
        if not faint:
            named.append((cell, lines.label(cell), tip, rps.value, figure.value))
    if points:
        scales.logarithmic(axes, "x", *_room([rps.value for _, rps, _ in points]))
        scales.logarithmic(axes, "y", *_room([figure.value for *_, figure in points]))
    axes.grid(visible=True)
    axes.set_xlabel("requests/s")
    axes.set_ylabel(plane.name)
    if plane.scale is not None:
        plane.scale(axes)
    lines.names(canvas, axes, named)


def _room(values: list[float]) -> tuple[float, float]:
    """Return limits of a logarithmic axis around values, which may all be the same."""
    span = max(1.5, max(values) / min(values)) ** 0.08
    return min(values) / span, max(values) * span
