"""The figures of a workload as texts, a column each, rounded alike within it."""

from collections.abc import Sequence

from bench.base import wording
from bench.pairs.pairwise import Pair, State
from bench.report.view import rounding
from bench.report.view.cell_view import CellView

TIMES = ("p50_us", "p99_us", "p999_us", "light_p99_us", "heavy_p99_us")
MEMORY_DECIMALS = 1

Texts = dict[str, list[str]]
# What stands before the ratio of two servers.
MARKS = {State.APART: "", State.TIED: "≈ ", State.INCOMPARABLE: "? "}


def of(cells: Sequence[CellView], *, bare: bool = False) -> Texts:
    """Return the texts by column, a row a cell; bare: without the intervals of all but throughput.

    A lower bound begins with ≥.
    """
    throughput = rounding.column([cell.estimate("throughput_rps") for cell in cells])
    bounds = [
        "≥ " if cell.bound and text else "" for cell, text in zip(cells, throughput, strict=True)
    ]
    memory = [cell.estimate("memory_mib") for cell in cells]
    texts = {
        "throughput_rps": [bound + text for bound, text in zip(bounds, throughput, strict=True)],
        "cpu_us_per_request": rounding.column(
            [cell.estimate("cpu_us_per_request") for cell in cells], bare=bare
        ),
        "memory_mib": rounding.numbers(
            [None if value is None else value.value for value in memory], MEMORY_DECIMALS
        ),
    }
    return texts | {
        name: rounding.times([cell.estimate(name) for cell in cells], bare=bare) for name in TIMES
    }


def centres(cells: Sequence[CellView], column: str) -> list[str]:
    """Return the texts of one column without intervals; a lower bound begins with ≥."""
    if column not in ("throughput_rps", "ctx_switches_per_request"):
        return of(cells, bare=True)[column]
    texts = rounding.column([cell.estimate(column) for cell in cells], bare=True)
    return [
        f"≥ {text}" if cell.bound and text and column == "throughput_rps" else text
        for cell, text in zip(cells, texts, strict=True)
    ]


def against(pair: Pair | None) -> str:
    """Return the ratio of a pair with the mark of their state before it."""
    if pair is None:
        return ""
    if pair.ratio is None:
        return MARKS[pair.state].strip()
    mark = "" if pair.first == pair.second else MARKS[pair.state]
    return mark + wording.ratio(pair.ratio)
