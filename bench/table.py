"""The ranking on a terminal: one table a workload, with bars, within 100 columns."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from rich.console import Group
from rich.table import Table
from rich.text import Text

from bench import checks, words
from bench.cells import NATIVE
from bench.stats import Estimate

BAR_COLUMNS = 8
Row = Mapping[Any, Any]
EIGHTHS = " ▏▎▍▌▋▊▉█"


def table(summary: pd.DataFrame) -> Group:
    """Return the workloads of a summary in turn, the ranked cells first, the best on top."""
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
    unranked = rows["verdict"].isin(list(checks.UNRANKED)) | (rows["family"] == NATIVE)
    # In open loop throughput is what was offered; p99 is what tells servers apart.
    leading = "throughput_rps" if rows["offered_rps"].isna().all() else "p99_us"
    more = leading == "throughput_rps"
    placed = rows.assign(unranked=unranked).sort_values(
        ["unranked", leading], ascending=[True, not more], kind="stable"
    )
    ranked = rows.loc[~unranked, leading]
    best = ranked.max() if more else ranked.min()
    for row in placed.to_dict("records"):
        value = _value(row, leading)
        share = 0.0 if not value or pd.isna(best) else value / float(best)
        bar = _bar(share if more else 1 / share) if share and not row["unranked"] else ""
        made.add_row(*_cells(row, bar), style=_style(row))
    return made


def _cells(row: Row, bar: str) -> list[Text]:
    rps, cpu = _value(row, "throughput_rps"), _value(row, "cpu_us_per_request")
    memory = _value(row, "memory_mib")
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
