"""One picture of a few servers under one workload: what they answer, what it costs, how long."""

import matplotlib as mpl

from bench.report.charts.kinds import KINDS
from bench.report.drawing.canvas import STYLE, Canvas, compose
from bench.report.view.cell_view import WorkloadView
from bench.report.view.run_view import Subject

SHOWN = ("throughput", "cpu", "latency", "memory")
COLUMNS = 2
HOW = "Hatched, or thin: not valid, the reason is beside it. No latency of whose clients wait."


def picture(workload: WorkloadView, title: str, foot: str) -> Canvas:
    """Draw the servers of a workload in a panel for each of `SHOWN`."""
    subject = Subject(workload.label, (workload,))
    kinds = [next(kind for kind in KINDS if kind.name == name) for name in SHOWN]
    panels = [(kind.title, kind.margins(subject)) for kind in kinds]
    with mpl.rc_context(STYLE):
        canvas = compose(title, HOW, foot, panels, COLUMNS)
        for axes, kind in zip(canvas.axes, kinds, strict=True):
            kind.draw(canvas, axes, subject)
    return canvas
