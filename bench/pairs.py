"""What servers are compared by, their values by block, and how far a server and its twin differ."""

from collections.abc import Iterable
from dataclasses import dataclass

from bench import figures, stats
from bench.records import TWIN, Cell, Trial, Workload
from bench.stats import Estimate
from bench.store import Run


@dataclass(frozen=True)
class Figure:
    """What servers are compared by.

    column: its name in `figures.of`
    bounded: in a generator-bound cell it is a bound of what the server can do, not a measure
    """

    name: str
    column: str
    more_is_better: bool = False
    bounded: bool = True


FIGURES = {
    figure.name: figure
    for figure in (
        Figure("throughput", "throughput_rps", more_is_better=True),
        *(Figure(name, f"{name}_us") for name in ("p50", "p90", "p99", "p999")),
        Figure("cpu", "cpu_us_per_request", bounded=False),
        Figure("memory", "memory_mib", bounded=False),
    )
}
THROUGHPUT = FIGURES["throughput"]


def leading(workload: Workload) -> Figure:
    """Return what ranks servers: throughput, in open loop, where that is offered, p99."""
    return THROUGHPUT if workload.load.rate is None else FIGURES["p99"]


@dataclass(frozen=True)
class Floor:
    """How far apart a server and its own twin came out, pooled over the workloads of a run.

    ratio: of twin to server, their median at 95 %, or with fewer than six pairs their mean
    extent: how far its interval reaches from 1, as a fraction
    blocks: how many pairs of trials there were
    """

    ratio: Estimate
    extent: float
    blocks: int


def by_block(trials: Iterable[Trial], figure: Figure) -> dict[int, float]:
    """Return a figure's values by block; none unless more than half of the trials have one."""
    found = {t.block: figures.of(t).get(figure.column) for t in trials if t.load is not None}
    values = {block: float(value) for block, value in found.items() if value is not None}
    return values if len(values) * 2 > len(found) else {}


def floor(run: Run, figure: Figure = THROUGHPUT) -> Floor | None:
    """Return how far a server and its A/A twin differ; None in a run without twins.

    Pooled over workloads, since a few blocks of one say little about an instrument's own bias. The
    median, since a trial that was disturbed says nothing about it at all: one of fifteen pairs that
    came out at 0.78 took the mean's interval from 1 to 8 %. It widens the intervals of the pairs
    that it is in.
    """
    trials: dict[Cell, list[Trial]] = {}
    for trial in run.trials:
        trials.setdefault(trial.cell, []).append(trial)
    found: list[float] = []
    for cell, twins in trials.items():
        if cell.server.endswith(TWIN):
            own = trials.get(Cell(cell.server.removesuffix(TWIN), cell.workload), [])
            first, second = by_block(twins, figure), by_block(own, figure)
            shared = [block for block in first if first[block] and second.get(block)]
            found += [first[block] / second[block] for block in shared]
    pooled = stats.median(found)
    if pooled is not None and pooled.low is None:
        pooled = stats.geometric(found)
    if pooled is None:
        return None
    reach = [bound for bound in (pooled.value, pooled.low, pooled.high) if bound is not None]
    return Floor(pooled, max(distance(bound) for bound in reach), len(found))


def distance(value: float) -> float:
    """Return how far a ratio is from 1, the same for a value and its inverse."""
    return max(value, 1 / value) - 1
