"""Figures over trials: geometric means and ratios, with the intervals that the trials support."""

import math
import statistics
from collections.abc import Mapping, Sequence

from bench.base import levels
from bench.base.estimate import Estimate

RESAMPLES = 2000
# Below this a variance of logarithms is that of equal values.
NOTHING = 1e-24
# Fixed, so that a report that is rebuilt shows the same interval.
BOOTSTRAP_SEED = 20260101


def geometric(values: Sequence[float], level: float = levels.LEVEL) -> Estimate | None:
    """Return the geometric mean of trials with its confidence interval; None of no values.

    On logarithms a throughput of half and one of double are equally far away, and the interval
    never reaches below zero. A value of zero, a trial without any reply, makes the mean zero.

    Raises:
        ValueError: a value is negative or not finite.
    """
    if any(not math.isfinite(value) or value < 0 for value in values):
        raise ValueError(f"cannot average {list(values)}")
    if not values:
        return None
    if not all(values):
        return Estimate(0.0)
    logs = [math.log(value) for value in values]
    centre = math.fsum(logs) / len(logs)
    low, high = _log_interval(logs, centre, level)
    if low is None or high is None:
        return Estimate(math.exp(centre))
    return Estimate(math.exp(centre), math.exp(low), math.exp(high))


def arithmetic(values: Sequence[float], level: float = levels.LEVEL) -> Estimate | None:
    """Return the mean of values of either sign with Student's interval; None of no values."""
    if not values:
        return None
    mean = statistics.fmean(values)
    if len(values) < 2:
        return Estimate(mean)
    from scipy.special import stdtrit

    error = statistics.stdev(values) / math.sqrt(len(values))
    half = float(stdtrit(len(values) - 1, (1 + level) / 2)) * error
    return Estimate(mean, mean - half, mean + half)


def log_deviation(values: Sequence[float]) -> float | None:
    """Return the standard deviation of the logarithms, None of fewer than two values or a zero."""
    if len(values) < 2 or not all(values):
        return None
    return statistics.stdev(math.log(value) for value in values)


def centre(values: Sequence[float]) -> float | None:
    """Return the geometric mean alone, for which nothing is resampled; None of no values."""
    if not values:
        return None
    return math.exp(math.fsum(map(math.log, values)) / len(values)) if all(values) else 0.0


def ratio(
    first: Mapping[int, float],
    second: Mapping[int, float],
    level: float = levels.LEVEL,
) -> Estimate | None:
    """Return first / second over the blocks that both have, keyed by block; None without any.

    Pairing by block takes out what the whole machine did in that block (Kalibera and Jones,
    ISMM 2013: report the ratio of two systems with its interval, not two bare means).
    """
    shared = sorted(first.keys() & second.keys())
    usable = [block for block in shared if first[block] > 0 and second[block] > 0]
    return geometric([first[block] / second[block] for block in usable], level)


def _log_interval(
    logs: Sequence[float], centre: float, level: float
) -> tuple[float | None, float | None]:
    """Return the interval of the mean of the logarithms."""
    if len(logs) < 2:
        return None, None
    if math.isclose(max(logs), min(logs), abs_tol=1e-12):
        return centre, centre
    resolved = (1 - level) / 2 * RESAMPLES >= levels.RESAMPLES_BEYOND
    if len(logs) >= levels.BOOTSTRAP_FROM and resolved:
        return _bootstrap(logs, level)
    from scipy.special import stdtrit

    quantile = float(stdtrit(len(logs) - 1, (1 + level) / 2))
    half = quantile * statistics.stdev(logs) / math.sqrt(len(logs))
    return centre - half, centre + half


def _bootstrap(logs: Sequence[float], level: float) -> tuple[float, float]:
    """Return the bias-corrected and accelerated interval (Efron 1987) of the mean."""
    import numpy as np
    from scipy.stats import bootstrap

    interval = bootstrap(
        (np.asarray(logs),),
        np.mean,
        n_resamples=RESAMPLES,
        confidence_level=level,
        method="BCa",
        rng=np.random.default_rng(BOOTSTRAP_SEED),
    ).confidence_interval
    return float(interval.low), float(interval.high)
