"""The ranking on a terminal: one table a workload, with bars, within 100 columns."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from rich.console import Group
from rich.table import Table
from rich.text import Text

from bench import checks, words
from bench.stats import Estimate

BAR_COLUMNS = 8
Row = Mapping[Any, Any]
EIGHTHS = " ▏▎▍▌▋▊▉█"


def table(summary: pd.DataFrame) -> Group:
    """Return the workloads of a summary in turn, the ranked cells first, the fastest on top."""
    axes = ["workload", "transport", "connections", "payload_bytes", "offered_rps"]
    groups = summary.groupby(axes, sort=False, dropna=False)
    tables = [_workload(str(key[0]), rows) for key, rows in groups]
    return Group(*(piece for one in tables for piece in (one, "")))


def _workload(name: str, rows: pd.DataFrame) -> Table:
    made = Table(box=None, pad_edge=False, title=name, title_justify="left", title_style="bold")
    made.add_column("server", max_width=20, overflow="fold")
    made.add_column("", width=BAR_COLUMNS)
    for title in ("requests/s", "p50", "p99", "CPU µs", "MiB"):
        made.add_column(title, justify="right", no_wrap=True)
    made.add_column("verdict", no_wrap=True)
    unranked = rows["verdict"].isin(list(checks.UNRANKED))
    placed = rows.assign(unranked=unranked).sort_values(
        ["unranked", "throughput_rps"], ascending=[True, False], kind="stable"
    )
    best = rows.loc[~unranked, "throughput_rps"].max()
    for row in placed.to_dict("records"):
        made.add_row(*_cells(row, None if pd.isna(best) else float(best)), style=_style(row))
    return made


def _cells(row: Row, best: float | None) -> list[Text]:
    rps, cpu = _value(row, "throughput_rps"), _value(row, "cpu_us_per_request")
    memory = _value(row, "memory_mib")
    ranked = row["verdict"] not in checks.UNRANKED
    bar = _bar(rps / best) if ranked and rps is not None and best else ""
    shown = [
        str(row["server"]),
        bar,
        "" if rps is None else _throughput(row, rps),
        *(_time(_value(row, name)) for name in ("p50_us", "p99_us")),
        "" if cpu is None else words.number(cpu),
        "" if memory is None else words.number(memory),
        str(row["verdict"]),
    ]
    return [Text(text) for text in shown]


def _throughput(row: Row, rps: float) -> str:
    bound = "≥ " if row["verdict"] == "generator-bound" else ""
    low, high = _value(row, "throughput_lo"), _value(row, "throughput_hi")
    return bound + words.estimate(Estimate(rps, low, high))


def _time(time_us: float | None) -> str:
    return "" if time_us is None else words.duration(time_us)


def _bar(share: float) -> str:
    eighths = max(1, round(min(share, 1) * BAR_COLUMNS * 8))
    return EIGHTHS[8] * (eighths // 8) + EIGHTHS[eighths % 8].strip()


def _value(row: Row, column: str) -> float | None:
    value = row[column]
    return None if pd.isna(value) else float(value)


def _style(row: Row) -> str:
    return "" if row["verdict"] == checks.VALID else "dim"
