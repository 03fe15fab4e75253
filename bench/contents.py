"""What is in a run: its cells with their trials, the names of its workloads, its verdicts."""

from collections.abc import Iterable
from typing import Any

from bench import checks
from bench.records import TWIN, Cell, Trial, Workload
from bench.store import Run


def cells(run: Run) -> dict[Cell, list[Trial]]:
    """Return the trials of each cell in the plan's order; a cell not yet measured has none."""
    found: dict[Cell, list[Trial]] = {cell: [] for cell in _planned(run.header)}
    for trial in run.trials:
        if not trial.cell.server.endswith(TWIN):
            found.setdefault(trial.cell, []).append(trial)
    return found


def verdicts(run: Run) -> dict[Cell, checks.Verdict]:
    """Return what holds for each cell."""
    return {cell: checks.judge(trials, terms(run, cell)) for cell, trials in cells(run).items()}


def terms(run: Run, cell: Cell) -> checks.Terms:
    """Return what a cell was measured under."""
    entry = entry_of(run, cell)
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


def entry_of(run: Run, cell: Cell) -> dict[str, Any]:
    """Return what the run's header says of a cell's server; of a twin, what it says of its model.

    A stream server and a datagram server may share a name: the transport tells which one is meant.
    """
    name = cell.server.removesuffix(TWIN)
    entries = run.header["config"]["servers"]
    fitting = (
        entry
        for entry in entries
        if entry["name"] == name and _can_serve(entry.get("kind"), cell.workload.transport)
    )
    return next(fitting, {})


def labels(workloads: Iterable[Workload]) -> dict[Workload, str]:
    """Return a name for each workload: its own, with the axes if another one has it as well."""
    distinct = list(dict.fromkeys(workloads))
    names = [workload.name for workload in distinct]
    return {
        workload: workload.name if names.count(workload.name) == 1 else _spelled_out(workload)
        for workload in distinct
    }


def _planned(header: dict[str, Any]) -> list[Cell]:
    """Return the cells that the header lists; of an older one, each server with each workload."""
    listed = [Cell.from_json(entry) for entry in header.get("cells", [])]
    config = header["config"]
    return [cell for cell in listed if not cell.server.endswith(TWIN)] or [
        Cell(server["name"], Workload.from_json(workload))
        for workload in config["workloads"]
        for server in config["servers"]
        if _can_serve(server.get("kind"), workload["transport"])
    ]


def _can_serve(kind: str | None, transport: str) -> bool:
    """Tell if the plan pairs them; a kind that is not of the house goes with every transport."""
    return kind not in ("stream", "datagram") or (kind == "datagram") == (transport == "udp")


def _spelled_out(workload: Workload) -> str:
    load = workload.load
    rate = "" if load.rate is None else f", {load.rate:g}/s"
    pool = "" if workload.pool_size is None else f", pool of {workload.pool_size}"
    return f"{workload.name} ({load.connections} x {load.payload_bytes} B{rate}{pool})"
