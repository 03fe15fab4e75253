"""The metrics of a trial by the name of their column, and what servers are compared by."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bench.analysis import steadiness
from bench.base import limits
from bench.model.trial import Cell, Trial, Usage, Workload
from loadgen.result import RequestClass, Result

ByBlock = Mapping[int, Mapping[str, Any]]

PERCENTILES = ("p50", "p90", "p99", "p999", "max")
# Of a mixture, of the requests that ask for work and of those that do not.
CLASSES = ("light", "heavy")
CLASS_FIGURES = tuple(
    f"{name}_{figure}" for name in CLASSES for figure in ("p50_us", "p99_us", "rps")
)
# What a cell takes from its trials: the geometric mean of these,
MEANS = (
    *("throughput_rps", *(f"{name}_us" for name in PERCENTILES)),
    *("send_lag_p99_us", "connect_p99_us", "cpu_us_per_request", "ctx_switches_per_request"),
    *("memory_mib", "effective_concurrency", "fairness_jain", "achieved_rps"),
    *(*CLASS_FIGURES, "kernel_us_per_request"),
)
# the total of these, and the largest of this.
TOTALS = ("errors", "censored", "lost", "duplicated", "reordered")
LARGEST = ("connections_without_reply",)
# Figures that a result has under the same name.
AS_THEY_ARE = (
    *("throughput_rps", "effective_concurrency", "fairness_jain", "achieved_rps", "censored"),
    *("lost", "duplicated", "reordered", *LARGEST),
)
# What a trial went through, beside its figures.
CONDITIONS = (
    *("course", "settled_s", "others_share", "stolen_share", "forced_switches"),
    *("frequency_open_mhz", "frequency_close_mhz", "server_end"),
)


# A span between two looks that is shorter than this part of the window is another window.
SPAN_LEAST = 0.5


def of(trial: Trial) -> dict[str, Any]:
    """Return the metrics of a trial by column; None where it has none."""
    result = trial.result
    if result is None:
        return {}
    figures: dict[str, Any] = {
        f"{name}_us": getattr(result.response_us, name) for name in PERCENTILES
    }
    figures |= {name: getattr(result, name) for name in AS_THEY_ARE}
    figures["errors"] = result.mismatches + result.errors
    figures["send_lag_p99_us"] = result.send_lag_us.p99
    figures["connect_p99_us"] = result.connect_us.p99
    return figures | _of_classes(result) | _resources(trial, result)


def _of_classes(result: Result) -> dict[str, Any]:
    """Return the figures of the two classes of a mixture; nothing of another load."""
    figures: dict[str, Any] = {}
    for name in CLASSES:
        found: RequestClass | None = getattr(result, name)
        if found is not None:
            times = found.response_us
            figures |= {f"{name}_p50_us": times.p50, f"{name}_p99_us": times.p99}
            figures[f"{name}_rps"] = found.throughput_rps
    return figures


def _resources(trial: Trial, result: Result) -> dict[str, Any]:
    """Return what the server's tree used, per request answered.

    Nothing per request where the counters stood still or went back, or were read twice at the same
    end of the window, as a house does that was stopped.
    """
    usage = trial.server_usage
    if usage is None:
        return {}
    figures: dict[str, Any] = {}
    if usage.pss_bytes is not None:
        figures["memory_mib"] = usage.pss_bytes / 2**20
    requests = _requests_watched(usage, result)
    if requests > 0 and usage.cpu_s > 0 and usage.span_s >= SPAN_LEAST * result.window_s:
        figures["cpu_us_per_request"] = usage.cpu_s * 1e6 / requests
        if usage.kernel_s is not None:
            figures["kernel_us_per_request"] = usage.kernel_s * 1e6 / requests
        if usage.ctx_switches is not None:
            figures["ctx_switches_per_request"] = usage.ctx_switches / requests
    return figures


def _requests_watched(usage: Usage, result: Result) -> float:
    """Return the replies between the two looks at the server's CPU.

    Earlier versions did not count them: there they are what the window's rate makes of the span.
    """
    if result.watched is not None:
        return result.watched.replies
    return usage.span_s * result.throughput_rps


def conditions(trial: Trial) -> dict[str, Any]:
    """Return the conditions of a trial: its course, CPU taken by others or stolen, clocks.

    settled_s counts from the opening of the window; the shares are of the side that was worse off;
    frequencies are means over the trial's CPUs.
    """
    course = steadiness.course(trial)
    generator = trial.result.generator if trial.result is not None else None
    mhz = {when: sum(each) / len(each) for when, each in (trial.frequencies_mhz or {}).items()}
    return {
        "course": course.name,
        "settled_s": course.settled_s,
        "others_share": max(trial.others.values()) if trial.others else None,
        "stolen_share": max(trial.stolen.values()) if trial.stolen else None,
        "forced_switches": generator.forced_switches if generator else None,
        "frequency_open_mhz": mhz.get("open"),
        "frequency_close_mhz": mhz.get("close"),
        "server_end": trial.server_end,
    }


# How a metric is called where its name is not what people say.
TITLES = {"cpu": "CPU per request", "light_p99": "p99 of light requests"}


@dataclass(frozen=True)
class Metric:
    """What servers are compared by.

    column: its name in what `of` returns
    bounded: in a generator-bound cell it is a bound of what the server can do, not a measure
    """

    name: str
    column: str
    more_is_better: bool = False
    bounded: bool = True

    @property
    def title(self) -> str:
        """Return how it is called in a sentence."""
        return TITLES.get(self.name, self.name)

    @property
    def latency(self) -> bool:
        """Tell if it is a percentile of response time."""
        return self.name.endswith(PERCENTILES)


METRICS = {
    metric.name: metric
    for metric in (
        Metric("throughput", "throughput_rps", more_is_better=True),
        *(Metric(name, f"{name}_us") for name in ("p50", "p90", "p99", "p999")),
        Metric("light_p99", "light_p99_us"),
        Metric("cpu", "cpu_us_per_request", bounded=False),
        Metric("memory", "memory_mib", bounded=False),
    )
}
THROUGHPUT = METRICS["throughput"]


def leading(workload: Workload) -> Metric:
    """Return what ranks servers: throughput; in open loop, where that is offered, p99.

    Of a mixture it is the p99 of its light requests: what heavy ones do to them is its question.
    In churn at an offered rate it is the CPU time of a connection: two clients agree on it within
    3 %, and in closed loop not even within a half (docs/methodology.md).
    """
    if workload.mixture:
        return METRICS["light_p99"]
    if workload.load.rate is None:
        return THROUGHPUT
    churns = workload.load.requests_per_connection is not None
    return METRICS["cpu" if churns else "p99"]


def by_block(trials: Iterable[Trial]) -> ByBlock:
    """Return the metrics of the trials that were measured, by block."""
    return {trial.block: of(trial) for trial in trials if trial.result is not None}


def by_cell(trials: Iterable[Trial]) -> dict[Cell, ByBlock]:
    """Return the metrics of all trials by cell and block; twins have cells of their own."""
    cells: dict[Cell, list[Trial]] = {}
    for trial in trials:
        cells.setdefault(trial.cell, []).append(trial)
    return {cell: by_block(of_cell) for cell, of_cell in cells.items()}


def values(by_block: ByBlock, column: str) -> dict[int, float]:
    """Return the values of one metric by block; none unless most of the trials have one.

    A percentile is refused in a trial with too few samples beyond it; one trial that happens to
    have just enough does not speak for the cell.
    """
    present = {
        block: float(metrics[column])
        for block, metrics in by_block.items()
        if metrics.get(column) is not None
    }
    return present if len(present) > limits.MAJORITY * len(by_block) else {}


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
