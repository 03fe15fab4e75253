"""How narrow the intervals of a run have become."""

from dataclasses import dataclass

from bench.analysis import intervals, metrics
from bench.model.run import Run
from bench.model.trial import Cell
from bench.verdicts import judging


@dataclass(frozen=True)
class Precision:
    """The widest interval among the cells whose figures stand: from low to high, as a fraction."""

    width: float
    cell: Cell


def widest(run: Run) -> Precision | None:
    """Return the widest interval of throughput, or of p99 in open loop.

    None where there is none, or where a cell that can be ranked has none yet.
    """
    judged = judging.verdicts(run)
    widths = []
    for cell, trials in run.cells().items():
        if not judged[cell].ranked:
            continue
        column = metrics.leading(cell.workload).column
        values = metrics.values(metrics.by_block(trials), column)
        estimate = intervals.geometric(list(values.values()))
        if estimate is None or estimate.relative_half_width is None:
            return None
        widths.append(Precision(2 * estimate.relative_half_width, cell))
    return max(widths, key=lambda one: one.width, default=None)
