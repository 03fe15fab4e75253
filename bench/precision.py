"""How narrow the intervals of a run have become."""

from dataclasses import dataclass

from bench import contents, pairs, stats
from bench.records import Cell
from bench.store import Run


@dataclass(frozen=True)
class Precision:
    """The widest interval among the cells whose figures stand: from low to high, as a fraction."""

    width: float
    cell: Cell


def widest(run: Run) -> Precision | None:
    """Return the widest interval of throughput, or of p99 in open loop.

    None where there is none, or where a cell that can be ranked has none yet.
    """
    judged = contents.verdicts(run)
    found = []
    for cell, trials in contents.cells(run).items():
        if not judged[cell].ranked:
            continue
        values = list(pairs.by_block(trials, pairs.leading(cell.workload)).values())
        estimate = stats.geometric(values)
        if estimate is None or estimate.relative_half_width is None:
            return None
        found.append(Precision(2 * estimate.relative_half_width, cell))
    return max(found, key=lambda one: one.width, default=None)
