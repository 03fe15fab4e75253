"""The verdicts of a run, each with what its cell was measured under."""

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
    given = 1 if cpus is None else len(cpus.for_server(entry.many_cpus))
    return Setup(
        given,
        at_once,
        cpus is not None and cpus.shared,
        entry.own_listeners,
        nodelay=entry.command is None,
    )
