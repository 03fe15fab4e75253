"""What servers are compared by, and their values by block."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench import figures
from bench.records import Trial, Workload


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
    """Return what ranks servers: throughput; in open loop, where that is offered, p99.

    In churn at an offered rate it is the CPU time of a connection: two clients agree on it within
    3 %, and in closed loop not even within a half (docs/methodology.md).
    """
    if workload.load.rate is None:
        return THROUGHPUT
    churns = workload.load.requests_per_connection is not None
    return FIGURES["cpu" if churns else "p99"]


def by_block(trials: Iterable[Trial], figure: Figure) -> dict[int, float]:
    """Return a figure's values by block; none unless more than half of the trials have one."""
    found = {t.block: figures.of(t).get(figure.column) for t in trials if t.load is not None}
    values = {block: float(value) for block, value in found.items() if value is not None}
    return values if len(values) * 2 > len(found) else {}


def logs(first: Mapping[int, float], second: Mapping[int, float]) -> list[float]:
    """Return the logarithms of first / second over the blocks in which both have a value.

    Nothing has no ratio: a trial without any reply, say, is left out.
    """
    shared = sorted(first.keys() & second.keys())
    both = ((first[block], second[block]) for block in shared)
    return [math.log(one / other) for one, other in both if one > 0 and other > 0]


def distance(value: float) -> float:
    """Return how far a ratio is from 1, the same for a value and its inverse."""
    return max(value, 1 / value) - 1
