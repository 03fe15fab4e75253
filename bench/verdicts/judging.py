"""The verdicts of a run, and how narrow the intervals of those have become that stand."""

from dataclasses import dataclass

from bench.analysis import intervals, metrics
from bench.model.cpus import can_use_many
from bench.model.run import Run
from bench.model.trial import Cell
from bench.verdicts import checks
from bench.verdicts.verdict import Setup, Verdict


def verdicts(run: Run) -> dict[Cell, Verdict]:
    """Return what holds for each cell."""
    return {cell: checks.judge(trials, setup_of(run, cell)) for cell, trials in run.cells().items()}


def setup_of(run: Run, cell: Cell) -> Setup:
    """Return what a cell was measured under."""
    entry = run.entry_of(cell)
    limit = entry.max_clients
    if limit == "pool":
        limit = cell.workload.pool_size or run.header.config.pool_size
    cpus = run.header.cpus
    at_once = limit if isinstance(limit, int) else None
    many = can_use_many(entry.many_cpus, entry.many_threads, cell.workload.work)
    given = 1 if cpus is None else len(cpus.for_server(many, cell.workload.cpus))
    return Setup(
        given,
        at_once,
        cpus is not None and cpus.shared,
        entry.own_listeners,
        nodelay=entry.command is None,
    )


@dataclass(frozen=True)
class Precision:
    """The widest interval among the cells whose figures stand: from low to high, as a fraction."""

    width: float
    cell: Cell


def widest(run: Run) -> Precision | None:
    """Return the widest interval of throughput, or of p99 in open loop.

    None where there is none, or where a cell that can be ranked has none yet.
    """
    judged = verdicts(run)
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
