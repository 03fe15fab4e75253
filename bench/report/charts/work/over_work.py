"""A figure against the work of a request, with what would be ideal."""

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator

from bench.base import wording
from bench.report.charts import lines, sweeps
from bench.report.charts.sweeps import Axis
from bench.report.drawing import palette
from bench.report.drawing.canvas import Canvas
from bench.report.view.cell_view import CellView
from bench.report.view.run_view import Subject, work_us

# Of the axis, in decades: what lies between no work and the least.
LINEAR = 0.5


class WorkAxis(Axis):
    """The work of a request in microseconds, logarithmic, with room for none."""

    def of(self, cell: CellView) -> float:
        """Return how long the work of a cell's requests takes."""
        return cell.workload.work.us if cell.workload.work else 0.0

    def written(self, place: float) -> str:
        """Return an amount of work."""
        return wording.tick(place) if place else "none"

    def finish(self, axes: Axes, subject: Subject) -> None:
        """Scale it; every amount has its tick."""
        places = sorted({work_us(item) for item in subject.workloads})
        if places[0] == 0:
            axes.set_xscale("symlog", linthresh=places[1], linscale=LINEAR)
        else:
            axes.set_xscale("log")
        axes.xaxis.set_major_locator(FixedLocator(places))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: self.written(tick)))
        if len(places) > 5:
            axes.tick_params(axis="x", labelsize=lines.LABEL_PT - 0.5)


WORK = WorkAxis("work", "work of a request")


def throughput(canvas: Canvas, axes: Axes, subject: Subject) -> None:
    """Draw throughput against the work, with the line of the ideal."""
    known = [(work_us(item), item.ideal_rps) for item in subject.workloads if item.ideal_rps]
    if known:
        axes.plot(*zip(*known, strict=True), color=palette.MUTED[0], linestyle=":", lw=1.2)
    sweeps.against(WORK, "throughput_rps", sweeps.per_second, _rates)(canvas, axes, subject)


def _rates(axes: Axes) -> None:
    """Make the vertical axis one of rates, logarithmic."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda tick, _: wording.scale(tick)))
    axes.tick_params(which="minor", length=0)
