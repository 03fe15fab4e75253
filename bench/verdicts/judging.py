"""The verdicts of a run, each with what its cell was measured under."""

from bench.model.run import Run
from bench.model.trial import Cell
from bench.verdicts import checks


def verdicts(run: Run) -> dict[Cell, checks.Verdict]:
    """Return what holds for each cell."""
    return {cell: checks.judge(trials, terms(run, cell)) for cell, trials in run.cells().items()}


def terms(run: Run, cell: Cell) -> checks.Terms:
    """Return what a cell was measured under."""
    entry = run.entry_of(cell)
    limit = entry.get("max_clients")
    if limit == "pool":
        limit = cell.workload.pool_size or run.header["config"].get("pool_size")
    cpus = run.header.get("cpus", {})
    at_once = limit if isinstance(limit, int) else None
    given = len(cpus.get("server") or [0])
    if cpus.get("single") is not None and not entry.get("many_cpus"):
        given = 1
    return checks.Terms(
        given,
        at_once,
        bool(cpus.get("shared")),
        bool(entry.get("own_listeners", False)),
        nodelay=not entry.get("command"),
    )
