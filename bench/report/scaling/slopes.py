"""What one more connection costs each server, in words."""

from bench.analysis import slopes
from bench.base import wording
from bench.base.estimate import Estimate
from bench.report.view.cell_view import CellView
from bench.report.view.run_view import Subject

KIB = 1024.0
# More than these in a caption are a wall.
TOLD_MOST = 8


def of(cells: list[CellView], axis: str, column: str) -> Estimate | None:
    """Return by how much a figure of a server grows for each unit of an axis."""
    return slopes.slope(
        {
            float(cell.workload.axes[axis] or 0): list(cell.by_block(column).values())
            for cell in cells
            if cell.verdict.ranked and cell.by_block(column)
        }
    )


def memory(axis: str, what: str) -> "Told":
    """Return what tells the memory of one more, by server."""
    return Told(axis, "memory_mib", KIB, "KiB", what)


def p99(axis: str, what: str) -> "Told":
    """Return what tells by how much p99 grows with a thousand more, by server."""
    return Told(axis, "p99_us", 1000.0, "µs", f"thousand {what}s")


class Told:
    """Tells the slopes of a figure over an axis."""

    def __init__(self, axis: str, column: str, times: float, unit: str, what: str) -> None:
        """Tell of a column in a unit that is so many times its own."""
        self.axis, self.column, self.times, self.unit, self.what = axis, column, times, unit, what

    def __call__(self, subject: Subject) -> str:
        """Return a sentence: the least and the most first."""
        found = [
            (slope, cells[0].server)
            for cells in subject.by_server()
            if (slope := of(cells, self.axis, self.column)) is not None
        ]
        if not found:
            return "Too few points for a slope."
        found.sort(key=lambda each: each[0].value)
        parts = [f"{server} {self._written(slope)}" for slope, server in found[:TOLD_MOST]]
        more = len(found) - len(parts)
        end = f"; and {more} more" if more else ""
        return f"For each {self.what}: {'; '.join(parts)}{end}."

    def _written(self, slope: Estimate) -> str:
        low, high = ((end or 0.0) * self.times for end in (slope.low, slope.high))
        if low <= 0 <= high:
            return f"nothing that is seen (up to {wording.number(high)} {self.unit})"
        value = wording.number(slope.value * self.times)
        ends = f"{wording.number(low)} to {wording.number(high)}"
        return f"{value} {self.unit} ({ends})"
