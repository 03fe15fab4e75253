"""What line charts share: who is brought out, and names at the lines' ends."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from bench.base import wording
from bench.report.drawing.canvas import CHARACTER_IN, FONT_PT, PANEL_IN, Canvas, Margins
from bench.report.view.cell_view import CellView
from bench.report.view.run_view import Subject

# With more lines than this, only the foremost are drawn with their names.
MANY = 10
FAINT = 0.16
LABEL_PT = FONT_PT - 1.5
LABEL_IN = 0.145
# Room between the end of the axes and the names, where lines lead from one to the other.
LEAD_IN = 0.2


def margins(labels: Sequence[str], height: float = 2.4) -> Margins:
    """Leave room for the names on the right, and a line's height for each."""
    longest = max(map(len, labels), default=1)
    right = min(LEAD_IN + 0.1 + longest * CHARACTER_IN * 0.82, PANEL_IN * 0.5)
    return Margins(0.66, right, 0.42, max(height, LABEL_IN * len(labels)))


def foremost(cells: Sequence[CellView]) -> frozenset[int]:
    """Return the servers to be brought out, of cells in their order: all, if they are not many.

    Else the best of each family, and the last that has a place.
    """
    if len(cells) <= MANY:
        return frozenset(cell.index for cell in cells)
    best_of: dict[str, int] = {}
    for cell in cells:
        best_of.setdefault(cell.family, cell.index)
    last = [cell.index for cell in cells if cell.ranked][-1:]
    return frozenset([*best_of.values(), *last])


def of_measured(subject: Subject) -> Margins:
    """Leave room for the names of the foremost of those with figures."""
    cells = subject.workload.measured
    shown = foremost(cells)
    return margins([label(cell) for cell in cells if cell.index in shown])


def label(cell: CellView) -> str:
    """Return the server's name, with the verdict if it is not valid."""
    name = wording.shortened(cell.server)
    return name if cell.verdict.valid else f"{name} ({cell.verdict.name})"


def names(
    canvas: Canvas, axes: Axes, ends: Sequence[tuple[CellView, str, str, float, float]]
) -> None:
    """Write names beside the ends of their lines, moved apart where they would overlap.

    Args:
        canvas, axes: what is drawn upon; its limits must be final.
        ends: cell, name, tip, and the data coordinates of the line's end.
    """
    axes.autoscale_view()
    width_in, height_in = canvas.size_in(axes)
    to_axes = axes.transData + axes.transAxes.inverted()
    starts = [to_axes.transform((end[3], end[4])) for end in ends]
    places = apart([float(start[1]) for start in starts], LABEL_IN / height_in)
    across = 1 + LEAD_IN / width_in
    for (cell, name, tip, *_), start, place in zip(ends, starts, places, strict=True):
        leader = axes.plot(
            [float(start[0]), across],
            [float(start[1]), place],
            transform=axes.transAxes,
            color=cell.look.colour,
            lw=0.8,
            clip_on=False,
        )[0]
        text = axes.text(
            across + 0.04 / width_in,
            place,
            name,
            transform=axes.transAxes,
            va="center",
            size=LABEL_PT,
        )
        canvas.mark(leader, cell, tip)
        canvas.mark(text, cell, tip)


def apart(wanted: Sequence[float], gap: float) -> list[float]:
    """Move places in [0, 1] as little as needed to be `gap` apart, keeping their order."""
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    places: list[float] = []
    for index in order:
        places.append(max(wanted[index], places[-1] + gap if places else 0.0))
    ceiling = 1.0
    for rank in range(len(places) - 1, -1, -1):
        places[rank] = min(places[rank], ceiling)
        ceiling = places[rank] - gap
    return [place for _, place in sorted(zip(order, places, strict=True))]
