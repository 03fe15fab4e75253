"""Tables of a run for other tools: a row a trial, a cell, a pair; pandas begins and ends here."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from bench.analysis.metrics import CONDITIONS, LARGEST, MEANS, PERCENTILES, TOTALS
from bench.base import wording
from bench.model.trial import Cell, Workload
from bench.report.view.cell_view import CellView
from bench.report.view.run_view import RunView
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
    *("witness_ratio", "witness_lo", "witness_hi"),
    *("work", "work_share", "light_p50_us", "light_p99_us", "heavy_p50_us", "heavy_p99_us"),
    *("light_rps", "heavy_rps", "hog", "switch_interval", "cpus"),
    "kernel_us_per_request",
)
# Where the ends of a figure's interval stand.
INTERVALS = {
    "throughput_rps": "throughput",
    "cpu_us_per_request": "cpu_us_per_request",
} | {f"{name}_us": f"{name}_us" for name in ("p50", "p90", "p99", "p999")}

# What a cell of a spreadsheet begins with that is computed, and not shown.
FORMULA = ("=", "+", "-", "@", "\t", "\r")

WHOLE = (
    *("connections", "payload_bytes", "requests_per_connection", "trials", "depth", "think_us"),
    *("idle", "pool_size", "cpus", *TOTALS, *LARGEST),
)


def trials(view: RunView) -> pd.DataFrame:
    """Return one row a trial, twins included: its axes, its metrics and its conditions."""
    rows = [
        {"block": each.trial.block, "position": each.trial.position, "status": each.trial.status}
        | _axes(each.trial.cell, view.run.entry_of(each.trial.cell).family)
        | each.metrics
        | each.conditions
        for each in view.trials
    ]
    columns = ["block", "position", "status", *_axes_names()]
    columns += [*MEANS, *TOTALS, *LARGEST, *CONDITIONS]
    return _typed(pd.DataFrame(rows, columns=columns))


def summary(view: RunView) -> pd.DataFrame:
    """Return one row a planned cell, with the columns of `SUMMARY`, empty where not applicable."""
    rows = [
        _axes(cell, of_cell.family)
        | _over_trials(of_cell)
        | {"verdict": of_cell.verdict.name, "python": view.run.entry_of(cell).python}
        | {"course": of_cell.course}
        | _beside_witness(of_cell)
        for cell, of_cell in view.cells.items()
    ]
    return _typed(pd.DataFrame(rows, columns=list(SUMMARY)))


PAIRS = (
    *("workload", "figure", "first", "second", "ratio", "ratio_lo", "ratio_hi", "level"),
    *("apart", "because", "floor", "answer", "detectable", "blocks", "state"),
)


def pairs(view: RunView) -> pd.DataFrame:
    """Return one row a pair of ranked servers, workload and figure; the better centre is first.

    ratio: first / second over shared blocks, with its interval at `level`, corrected for the number
    of pairs; apart: whether they are told apart, because: why not (see `pairwise.Pair`)
    floor: how far a server and its twin are apart in this figure, beyond what chance does
    state: apart, tied or not comparable
    answer: apart, equivalent or not shown; detectable: the difference that would have been shown
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
            "answer": pair.answer,
            "detectable": pair.detectable,
            "blocks": pair.blocks,
            "state": pair.state,
        }
        for item in view.workloads
        for figure, order in item.orders.items()
        for pair in order.pairs
    ]
    return pd.DataFrame(rows, columns=list(PAIRS))


def records(rows: Sequence[Any], kind: type[Any]) -> pd.DataFrame:
    """Return a row a value of a dataclass, with a column for each of its fields."""
    names = [field.name for field in dataclasses.fields(kind)]
    return pd.DataFrame([vars(row) for row in rows], columns=names)


def to_csv(frame: pd.DataFrame) -> str:
    """Return a table as CSV: four decimals at most, none where the value is whole.

    A text that a spreadsheet would take for a formula begins with a quote, and is one.
    """
    texts = [name for name in frame.columns if frame[name].dtype == object]
    frame = frame.assign(**{name: frame[name].map(_defused) for name in texts})
    return frame.to_csv(
        index=False,
        lineterminator="\n",
        float_format=lambda value: f"{value:.4f}".rstrip("0").rstrip("."),
    )


def _defused(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = wording.harmless(value)
    return f"'{text}" if text.startswith(FORMULA) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _over_trials(cell: CellView) -> dict[str, Any]:
    row: dict[str, Any] = {"trials": len(cell.trials)}
    for name in MEANS:
        estimate = cell.estimate(name)
        row[name] = None if estimate is None else estimate.value
        if estimate is not None and name in INTERVALS:
            row |= {f"{INTERVALS[name]}_lo": estimate.low, f"{INTERVALS[name]}_hi": estimate.high}
    for names, combine in ((TOTALS, sum), (LARGEST, max)):
        for name in names:
            known = [each[name] for each in cell.metrics.values() if each[name] is not None]
            row[name] = combine(known) if known else None
    return row


def _beside_witness(cell: CellView) -> dict[str, float | None]:
    found = cell.beside_witness
    if found is None:
        return {}
    return {"witness_ratio": found.value, "witness_lo": found.low, "witness_hi": found.high}


def _axes_names() -> list[str]:
    return list(_axes(Cell("", Workload("", "tcp", Load())), ""))


def _axes(cell: Cell, family: str) -> dict[str, Any]:
    load, axes = cell.workload.load, cell.workload.axes
    closed, work = load.rate is None, cell.workload.work
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
        "work": work and work.name,
        "work_share": work and work.share,
        "hog": axes["hog"],
        "switch_interval": axes["switch_interval"],
        "cpus": cell.workload.cpus,
    }


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Give every column one type: whole numbers stay whole where some are missing."""
    texts = {"server", "family", "transport", "workload", "arrivals", "verdict", "status", "python"}
    texts |= {"course", "server_end", "work", "hog", "switch_interval"}
    kinds = {"block": "int64", "position": "int64"}
    kinds |= dict.fromkeys(WHOLE, "Int64") | dict.fromkeys(texts, "object")
    return frame.astype({name: kinds.get(name, "Float64") for name in frame.columns})
