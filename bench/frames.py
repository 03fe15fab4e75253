"""Tables of a run: one row a trial, one row a cell; pandas starts here."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from bench import checks, figures, stats, steadiness
from bench.figures import LARGEST, MEANS, PERCENTILES, SURROUNDINGS, TOTALS
from bench.records import TWIN, Cell, Trial, Workload
from bench.store import Run
from loadgen.plan import Load

# The order of summary.csv; columns are only ever appended.
SUMMARY = (
    *("server", "family", "transport", "workload", "connections", "payload_bytes"),
    *("requests_per_connection", "offered_rps", "trials"),
    *("throughput_rps", "throughput_lo", "throughput_hi"),
    *(f"{name}_us" for name in PERCENTILES),
    *("send_lag_p99_us", "connect_p99_us", "cpu_us_per_request", "ctx_switches_per_request"),
    *("memory_mib", "effective_concurrency", "fairness_jain", "errors", "verdict"),
    *("depth", "think_us", "idle", "arrivals", "achieved_rps"),
    *("censored", "connections_without_reply", "lost", "duplicated", "reordered"),
    *("python", "pool_size"),
    *(f"{name}_us_{end}" for name in ("p50", "p90", "p99", "p999") for end in ("lo", "hi")),
    *("cpu_us_per_request_lo", "cpu_us_per_request_hi", "course"),
)
# Where the ends of a figure's interval stand.
INTERVALS = {
    "throughput_rps": "throughput",
    "cpu_us_per_request": "cpu_us_per_request",
} | {f"{name}_us": f"{name}_us" for name in ("p50", "p90", "p99", "p999")}

WHOLE = (
    *("connections", "payload_bytes", "requests_per_connection", "trials", "depth", "think_us"),
    *("idle", "pool_size", *TOTALS, *LARGEST),
)


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


def trials(run: Run) -> pd.DataFrame:
    """Return one row a trial, twins included: its axes, its figures, and what was around it."""
    rows = [
        {"block": trial.block, "position": trial.position, "status": trial.status}
        | _axes(trial.cell, entry_of(run, trial.cell))
        | figures.of(trial)
        | figures.around(trial)
        for trial in run.trials
    ]
    columns = ["block", "position", "status", *_axes_names()]
    columns += [*MEANS, *TOTALS, *LARGEST, *SURROUNDINGS]
    return _typed(pd.DataFrame(rows, columns=columns))


def summary(run: Run) -> pd.DataFrame:
    """Return one row a planned cell, with the columns of `SUMMARY`, empty where not applicable."""
    judged = verdicts(run)
    rows = [
        _axes(cell, entry_of(run, cell))
        | _over_trials(trials)
        | {"verdict": judged[cell].name, "python": entry_of(run, cell).get("python")}
        | {"course": steadiness.courses(trials)}
        for cell, trials in cells(run).items()
    ]
    return _typed(pd.DataFrame(rows, columns=list(SUMMARY)))


def to_csv(frame: pd.DataFrame) -> str:
    """Return a table as CSV: four decimals at most, none where the value is whole."""
    return frame.to_csv(
        index=False,
        lineterminator="\n",
        float_format=lambda value: f"{value:.4f}".rstrip("0").rstrip("."),
    )


def _over_trials(trials: list[Trial]) -> dict[str, Any]:
    measured = [figures.of(trial) for trial in trials if trial.load is not None]
    row: dict[str, Any] = {"trials": len(trials)}
    for name in MEANS:
        values = _usual([found.get(name) for found in measured])
        row[name] = stats.centre(values)
        if name in INTERVALS and (estimate := stats.geometric(values)) is not None:
            ends = INTERVALS[name]
            row |= {f"{ends}_lo": estimate.low, f"{ends}_hi": estimate.high}
    for names, combine in ((TOTALS, sum), (LARGEST, max)):
        for name in names:
            present = [found[name] for found in measured if found[name] is not None]
            row[name] = combine(present) if present else None
    return row


def _usual(values: list[float | None]) -> list[float]:
    """Return what the trials have, if more than half of them have it.

    A percentile is refused in a trial with too few samples beyond it; one trial that happens to
    have just enough does not speak for the cell.
    """
    present = [value for value in values if value is not None]
    return present if len(present) * 2 > len(values) else []


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


def terms(run: Run, cell: Cell) -> checks.Terms:
    """Return what a cell was measured under."""
    limit = entry_of(run, cell).get("max_clients")
    if limit == "pool":
        limit = cell.workload.pool_size or run.header["config"].get("pool_size")
    cpus = run.header.get("cpus", {})
    server_cpus, generator_cpus = cpus.get("server") or [0], cpus.get("generator") or [0]
    both = len({*server_cpus, *generator_cpus})
    at_once = limit if isinstance(limit, int) else None
    return checks.Terms(len(server_cpus), at_once, both, shared=bool(cpus.get("shared")))


def _axes_names() -> list[str]:
    return list(_axes(Cell("", Workload("", "tcp", Load())), {}))


def _axes(cell: Cell, entry: dict[str, Any]) -> dict[str, Any]:
    load = cell.workload.load
    closed = load.rate is None
    return {
        "server": cell.server,
        "family": entry.get("family", ""),
        "transport": cell.workload.transport,
        "workload": cell.workload.name,
        "connections": load.connections,
        "payload_bytes": load.payload_bytes,
        "requests_per_connection": load.requests_per_connection,
        "offered_rps": load.rate,
        "depth": load.depth if closed else None,
        "think_us": load.think_us if closed else None,
        "idle": load.idle,
        "arrivals": None if closed else load.arrivals,
        "pool_size": cell.workload.pool_size,
    }


def _spelled_out(workload: Workload) -> str:
    load = workload.load
    rate = "" if load.rate is None else f", {load.rate:g}/s"
    pool = "" if workload.pool_size is None else f", pool of {workload.pool_size}"
    return f"{workload.name} ({load.connections} x {load.payload_bytes} B{rate}{pool})"


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Give every column one type: whole numbers stay whole where some are missing."""
    texts = {"server", "family", "transport", "workload", "arrivals", "verdict", "status", "python"}
    texts |= {"course", "server_end"}
    kinds = {"block": "int64", "position": "int64"}
    kinds |= dict.fromkeys(WHOLE, "Int64") | dict.fromkeys(texts, "object")
    return frame.astype({name: kinds.get(name, "Float64") for name in frame.columns})
