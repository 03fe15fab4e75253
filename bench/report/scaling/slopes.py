"""What one more connection costs each server, in words."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.analysis import slopes
from bench.base import wording
from bench.base.estimate import Estimate
from bench.report.view.cell_view import CellView
from bench.report.view.run_view import Subject

# More than these in a caption are a wall.
TOLD_MOST = 8


@dataclass(frozen=True)
class Price:
    """What is told of: a column for each unit of an axis, in a unit so many times its own."""

    axis: str
    column: str
    times: float
    unit: str
    of_what: str


MEMORY = Price("connections", "memory_mib", 1024.0, "KiB", "connection")
IDLE_MEMORY = Price("idle", "memory_mib", 1024.0, "KiB", "idle connection")
IDLE_P99 = Price("idle", "p99_us", 1000.0, "µs", "thousand idle connections")


def of(cells: list[CellView], price: Price) -> Estimate | None:
    """Return by how much a figure of a server grows for each unit of an axis."""
    return slopes.slope(
        {
            float(cell.workload.axes[price.axis] or 0): list(by_block.values())
            for cell in cells
            if cell.verdict.ranked and (by_block := cell.by_block(price.column))
        }
    )


def told(price: Price, otherwise: Callable[[Subject], str]) -> Callable[[Subject], str]:
    """Return what tells the slope of each server, the least first.

    otherwise: tells of a sweep with too few points for one
    """

    def tell(subject: Subject) -> str:
        found = [
            (slope, cells[0].server)
            for cells in subject.by_server()
            if (slope := of(cells, price)) is not None
        ]
        if not found:
            return otherwise(subject)
        found.sort(key=lambda each: each[0].value)
        parts = [f"{server} {_written(slope, price)}" for slope, server in found[:TOLD_MOST]]
        more = len(found) - len(parts)
        end = f"; and {more} more" if more else ""
        return f"For each {price.of_what}: {'; '.join(parts)}{end}."

    return tell


def _written(slope: Estimate, price: Price) -> str:
    low, high = ((end or 0.0) * price.times for end in (slope.low, slope.high))
    if low <= 0 <= high:
        return f"nothing that is seen (up to {wording.number(high)} {price.unit})"
    value = wording.number(slope.value * price.times)
    return f"{value} {price.unit} ({wording.number(low)} to {wording.number(high)})"
