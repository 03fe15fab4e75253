"""What a kind of chart is."""

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.axes import Axes

from bench.report.drawing.canvas import Canvas, Margins
from bench.report.view.run_view import RunView, Subject


@dataclass(frozen=True)
class Kind:
    """A kind of chart.

    overview: it is drawn once more for all of its subjects together
    folded: a page shows it when it is asked for; `rows`: each server has a row of its own
    detail: of a run with many cells it is drawn when it is asked for
    """

    name: str
    title: str
    how: str
    subjects: Callable[[RunView], list[Subject]]
    margins: Callable[[Subject], Margins]
    draw: Callable[[Canvas, Axes, Subject], None]
    overview: bool = False
    folded: bool = False
    rows: bool = False
    detail: bool = False
