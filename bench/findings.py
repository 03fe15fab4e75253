"""What the data of a run says, in sentences: the ranking with its ties, its cost, the doubts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from bench import frames, stats, words
from bench.records import Trial
from bench.stats import Estimate
from bench.store import Run
from bench.views import CellView, RunView, WorkloadView

# Chance of calling two equal servers different anywhere among the pairs of one workload.
ERROR = 0.05


@dataclass(frozen=True)
class Ranking:
    """The partial order of a workload's ranked cells by throughput.

    places: by server; 1 is one that no other leads, and servers that are tied may share a place
    tied: servers that the first is not told apart from
    floor: by how much the A/A twin of a server differed from it, as a fraction, None without one
    """

    places: dict[str, int]
    tied: list[str]
    floor: float | None


def ranking(view: RunView, workload: WorkloadView) -> Ranking:
    """Order the ranked cells: one leads another if their ratio over shared blocks excludes 1.

    The level is corrected for the number of pairs (Bonferroni), and a difference no larger than
    that between a server and its own twin leads nothing.
    """
    cells = workload.ranked
    pairs = max(1, len(cells) * (len(cells) - 1) // 2)
    floor = noise_floor(view.run, workload)
    led = {
        slow.server: [fast for fast in cells if _leads(fast, slow, ERROR / pairs, floor)]
        for slow in cells
    }
    first = cells[0].server if cells else ""
    return Ranking(
        places={server: len(leaders) + 1 for server, leaders in led.items()},
        tied=[
            server
            for server, leaders in led.items()
            if server != first and first not in (leader.server for leader in leaders)
        ],
        floor=floor,
    )


def noise_floor(run: Run, workload: WorkloadView) -> float | None:
    """Return by what fraction the server measured twice differs from its twin (the worst one)."""
    found: dict[str, dict[int, float]] = {}
    for trial in run.trials:
        if trial.cell.workload == workload.workload and trial.load is not None:
            found.setdefault(trial.cell.server, {})[trial.block] = _throughput(trial)
    differences = [
        abs(math.log(ratio.value))
        for name, values in found.items()
        if name.endswith(frames.TWIN)
        and (ratio := stats.ratio(values, found.get(name.removesuffix(frames.TWIN), {})))
    ]
    return math.expm1(max(differences)) if differences else None


def ratio(first: CellView, second: CellView, level: float = stats.LEVEL) -> Estimate | None:
    """Return the ratio of two cells' throughput over the blocks that both have."""
    return _ratio(
        tuple(first.by_block("throughput_rps").items()),
        tuple(second.by_block("throughput_rps").items()),
        level,
    )


def answer(view: RunView, workload: WorkloadView) -> list[str]:
    """Return two to five sentences: who is first, at what cost, and what is not sure."""
    cells = workload.ranked
    if not cells:
        return [*_nobody(workload), *_left_out(workload)]
    order = ranking(view, workload)
    return [
        _first(workload, cells, order),
        *_cost(cells),
        *_unsure(cells, order),
        *_left_out(workload),
    ]


def _first(workload: WorkloadView, cells: Sequence[CellView], order: Ranking) -> str:
    best = cells[0]
    figure = f"{best.throughput().removesuffix(' /s')} requests/s"
    if len(cells) == 1:
        only = "is the only server measured" if len(workload.cells) == 1 else "alone can be ranked"
        return f"{best.server} {only}: it answers {figure}."
    if order.tied:
        names = words.listing(order.tied)
        sure = "one trial tells nobody apart" if len(best.figures) < 2 else "no sure difference"
        return f"{best.server} answers most, {figure}, but is tied with {names}: {sure}."
    lead = ratio(best, cells[1])
    ahead = "" if lead is None else f", {words.times(lead)} as many as {cells[1].server}"
    return f"{best.server} answers most: {figure}{ahead}."


def _cost(cells: Sequence[CellView]) -> list[str]:
    best = cells[0]
    cpu, memory = best.estimate("cpu_us_per_request"), best.estimate("memory_mib")
    parts = [] if cpu is None else [f"{words.estimate(cpu, 'µs')} of CPU per request"]
    parts += [] if memory is None else [f"{words.number(memory.value)} MiB of memory"]
    if not parts:
        return []
    told = f"It takes {' and '.join(parts)}"
    thrifty = min(cells, key=lambda cell: _value(cell, "cpu_us_per_request"))
    least = thrifty.estimate("cpu_us_per_request")
    if thrifty is not best and least is not None:
        told += f"; {thrifty.server} needs the least CPU, {words.estimate(least, 'µs')}"
    calm = min(cells, key=lambda cell: _value(cell, "p99_us"))
    p99 = calm.estimate("p99_us")
    if p99 is None:
        return [f"{told}."]
    whose = "its p99" if calm is best else f"the best p99 is {calm.server}'s"
    told += f"; {whose}{' is' if calm is best else ','} {words.duration(p99.value)}"
    return [f"{told}."]


def _value(cell: CellView, column: str) -> float:
    found = cell.estimate(column)
    return math.inf if found is None else found.value


def _unsure(cells: Sequence[CellView], order: Ranking) -> list[str]:
    told = []
    if bound := [cell.server for cell in cells if cell.bound]:
        told.append(
            f"The generator was the limit for {words.listing(bound)}: lower bounds, shown as ≥."
        )
    trials = max(len(cell.figures) for cell in cells)
    if trials < 2:
        told.append("There is one trial a cell, so no interval: measure again with more trials.")
    if order.floor is not None:
        told.append(f"The same server measured twice differs by {order.floor:.1%} here.")
    return told


def _left_out(workload: WorkloadView) -> list[str]:
    by_name: dict[str, list[str]] = {}
    for cell in workload.cells:
        if not cell.ranked:
            by_name.setdefault(cell.verdict.name, []).append(cell.server)
    if not by_name:
        return []
    parts = [f"{words.listing(servers)} ({name})" for name, servers in by_name.items()]
    return [f"Not ranked: {'; '.join(parts)}."]


def _nobody(workload: WorkloadView) -> list[str]:
    if not workload.measured and all(not cell.trials for cell in workload.cells):
        return ["Nothing was measured before the run ended."]
    return ["No server can be ranked: none has figures that stand for it."]


def _leads(fast: CellView, slow: CellView, error: float, floor: float | None) -> bool:
    # A lower bound may really be anything above it.
    if fast is slow or slow.bound:
        return False
    found = ratio(fast, slow, 1 - error)
    if found is None or found.low is None or found.low <= 1:
        return False
    return floor is None or found.value > 1 + floor


@cache
def _ratio(
    first: tuple[tuple[int, float], ...], second: tuple[tuple[int, float], ...], level: float
) -> Estimate | None:
    return stats.ratio(dict(first), dict(second), level)


def _throughput(trial: Trial) -> float:
    return float((trial.load or {})["throughput_rps"])
