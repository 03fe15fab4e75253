"""Tables of a run: one row a trial, one row a cell; pandas starts here."""

from typing import Any

import pandas as pd

from bench.analysis import intervals, metrics, steadiness
from bench.analysis.metrics import LARGEST, MEANS, PERCENTILES, SURROUNDINGS, TOTALS
from bench.model.run import Run
from bench.model.trial import Cell, Trial, Workload
from bench.report.view.run_view import RunView
from bench.verdicts import judging
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


def trials(run: Run) -> pd.DataFrame:
    """Return one row a trial, twins included: its axes, its figures, and what was around it."""
    rows = [
        {"block": trial.block, "position": trial.position, "status": trial.status}
        | _axes(trial.cell, run.entry_of(trial.cell).family)
        | metrics.of(trial)
        | metrics.around(trial)
        for trial in run.trials
    ]
    columns = ["block", "position", "status", *_axes_names()]
    columns += [*MEANS, *TOTALS, *LARGEST, *SURROUNDINGS]
    return _typed(pd.DataFrame(rows, columns=columns))


def summary(run: Run) -> pd.DataFrame:
    """Return one row a planned cell, with the columns of `SUMMARY`, empty where not applicable."""
    judged = judging.verdicts(run)
    rows = [
        _axes(cell, run.entry_of(cell).family)
        | _over_trials(trials)
        | {"verdict": judged[cell].name, "python": run.entry_of(cell).python}
        | {"course": steadiness.courses(trials)}
        for cell, trials in run.cells().items()
    ]
    return _typed(pd.DataFrame(rows, columns=list(SUMMARY)))


PAIRS = (
    *("workload", "figure", "first", "second", "ratio", "ratio_lo", "ratio_hi", "level"),
    *("apart", "because", "floor"),
)


def pairs(view: RunView) -> pd.DataFrame:
    """Return one row a pair of ranked servers, workload and figure; the better centre is first.

    ratio: first / second over shared blocks, with its interval at `level`, corrected for the number
    of pairs; apart: whether they are told apart, because: why not (see `differences.Pair`)
    floor: how far a server and its twin are apart in this figure
    """
    rows = [
        {
            "workload": item.label,
            "figure": figure.name,
            "first": pair.first,
            "second": pair.second,
            "ratio": pair.ratio and pair.ratio.value,
            "ratio_lo": pair.ratio and pair.ratio.low,
            "ratio_hi": pair.ratio and pair.ratio.high,
            "level": pair.level,
            "apart": pair.apart,
            "because": pair.because,
            "floor": order.floor and order.floor.extent,
        }
        for item in view.workloads
        for figure, order in item.orders.items()
        for pair in order.pairs
    ]
    return pd.DataFrame(rows, columns=list(PAIRS))


def to_csv(frame: pd.DataFrame) -> str:
    """Return a table as CSV: four decimals at most, none where the value is whole."""
    return frame.to_csv(
        index=False,
        lineterminator="\n",
        float_format=lambda value: f"{value:.4f}".rstrip("0").rstrip("."),
    )


def _over_trials(trials: list[Trial]) -> dict[str, Any]:
    measured = [metrics.of(trial) for trial in trials if trial.result is not None]
    row: dict[str, Any] = {"trials": len(trials)}
    for name in MEANS:
        values = _usual([found.get(name) for found in measured])
        row[name] = intervals.centre(values)
        if name in INTERVALS and (estimate := intervals.geometric(values)) is not None:
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


def _axes_names() -> list[str]:
    return list(_axes(Cell("", Workload("", "tcp", Load())), ""))


def _axes(cell: Cell, family: str) -> dict[str, Any]:
    load = cell.workload.load
    closed = load.rate is None
    return {
        "server": cell.server,
        "family": family,
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


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Give every column one type: whole numbers stay whole where some are missing."""
    texts = {"server", "family", "transport", "workload", "arrivals", "verdict", "status", "python"}
    texts |= {"course", "server_end"}
    kinds = {"block": "int64", "position": "int64"}
    kinds |= dict.fromkeys(WHOLE, "Int64") | dict.fromkeys(texts, "object")
    return frame.astype({name: kinds.get(name, "Float64") for name in frame.columns})
