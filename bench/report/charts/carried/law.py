"""The law of scaling through the points of a sweep, with its band."""

import numpy as np
from matplotlib.axes import Axes

from bench.report.charts import lines
from bench.report.drawing.canvas import Canvas
from bench.report.scaling import laws
from bench.report.view.run_view import Subject

STEPS = 60


def draw(canvas: Canvas, axes: Axes, subject: Subject, axis: str, shown: frozenset[int]) -> None:
    """Draw the law of each server that it fits, of those that are brought out."""
    for cells in subject.by_server():
        law = laws.of(cells, axis) if cells[0].index in shown else None
        if law is None or not law.fits:
            continue
        places = [float(cell.workload.axes[axis]) for cell in cells if cell.workload.axes[axis]]
        many = np.geomspace(min(places), max(places), STEPS).tolist()
        curve, colour = law.at(many), cells[0].look.colour
        low, high = ([getattr(each, end) for each in curve] for end in ("low", "high"))
        band = axes.fill_between(many, low, high, color=colour, alpha=lines.FAINT, lw=0)
        canvas.mark(band, cells[0])
        middle = [each.value for each in curve]
        line = axes.plot(many, middle, color=colour, lw=0.8, ls=":")[0]
        canvas.mark(line, cells[0], f"{cells[0].server}: the law of scaling")
