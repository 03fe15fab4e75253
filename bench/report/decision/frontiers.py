"""Which servers no other beats both in throughput and in a figure beside it."""

from collections.abc import Iterable

from bench.base.estimate import Estimate
from bench.report.view.cell_view import CellView
from bench.verdicts.verdict import Name

# A cell with its throughput and the figure that it has beside it.
Point = tuple[CellView, Estimate, Estimate]


def points(cells: Iterable[CellView], column: str) -> list[Point]:
    """Return the cells that have both figures, and no time that leaves clients out."""
    return [
        (cell, rps, figure)
        for cell in cells
        if (rps := cell.estimate("throughput_rps")) and rps.value
        if (figure := cell.estimate(column)) and figure.value
        if not (column.endswith("_us") and cell.verdict.holds(Name.STARVED))
    ]


def of(cells: Iterable[CellView], column: str) -> list[CellView]:
    """Return those that none beats in both, by their centres, the most throughput first.

    column: of the other figure, of which less is better
    """
    ahead: list[tuple[CellView, float]] = []
    for cell, _, figure in sorted(points(cells, column), key=lambda p: (-p[1].value, p[2].value)):
        if not ahead or figure.value < ahead[-1][1]:
            ahead.append((cell, figure.value))
    return [cell for cell, _ in ahead]
