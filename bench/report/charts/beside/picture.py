"""One picture of a few servers under one workload: what they answer, what it costs, how long."""

import matplotlib as mpl

from bench.report.charts import latency
from bench.report.charts.kinds import KINDS
from bench.report.drawing.canvas import STYLE, Canvas, compose
from bench.report.drawing.kind import Kind
from bench.report.view.cell_view import WorkloadView
from bench.report.view.run_view import Subject

COLUMNS = 2
HOW = "Hatched, or thin: not valid, the reason is beside it. No latency of whose clients wait."


def panels(workload: WorkloadView) -> tuple[Kind, ...]:
    """Return the four kinds of charts that tell most of a few servers.

    Where fewer than two have a latency of all their clients, who was served stands in its place.
    """
    subject = Subject(workload.label, (workload,))
    third = "latency" if len(latency.drawn(subject)) > 1 else "fairness"
    by_name = {kind.name: kind for kind in KINDS}
    return tuple(by_name[name] for name in ("throughput", "cpu", third, "memory"))


def picture(workload: WorkloadView, title: str, foot: str) -> Canvas:
    """Draw the servers of a workload in a panel for each of `panels`."""
    subject, kinds = Subject(workload.label, (workload,)), panels(workload)
    titled = [(kind.title, kind.margins(subject)) for kind in kinds]
    with mpl.rc_context(STYLE):
        canvas = compose(title, HOW, foot, titled, COLUMNS)
        for axes, kind in zip(canvas.axes, kinds, strict=True):
            kind.draw(canvas, axes, subject)
    return canvas
