"""The ratio of two sides of a comparison: of two runs, or of several a side."""

import math
import statistics
from collections.abc import Sequence

from bench.analysis.intervals import NOTHING
from bench.analysis.metrics import Metric
from bench.pairs.layout import Contrast

Runs = Sequence[Sequence[float]]


def may_be(figure: Metric, bounds: tuple[bool, bool]) -> tuple[bool, bool]:
    """Tell if the true ratio B / A may be more, and if it may be less, than the one measured.

    bounds: whether the generator was the limit in A, and in B: a server does at least what was
        measured then
    """
    before, after = (figure.bounded and bound for bound in bounds)
    return (after, before) if figure.more_is_better else (before, after)


def contrast(before: Runs, after: Runs) -> Contrast | None:
    """Return after / before, as a logarithm with its error; None where a run has nothing.

    before, after: of each run of a side, the values of its trials

    The blocks of two runs have nothing in common to pair by. Of one run a side the error is that of
    Welch's t (Biometrika 34, 1947) on logarithms: it knows how trials differ, and not what the
    machine did between the runs. Of several a side the runs are what varies (Kalibera and Jones,
    ISMM 2013: repeat where the variance is): the error is that of their means, pooled over both
    sides, with as many degrees of freedom as there are runs beyond one a side.
    """
    sides = [[list(run) for run in side] for side in (before, after)]
    runs_of_all = [run for side in sides for run in side]
    if not all(sides) or not all(runs_of_all) or min(map(min, runs_of_all)) <= 0:
        return None
    logs = [[[math.log(value) for value in run] for run in side] for side in sides]
    means = [[statistics.fmean(run) for run in side] for side in logs]
    difference = statistics.fmean(means[1]) - statistics.fmean(means[0])
    trials = min(len(run) for side in logs for run in side)
    runs = [len(side) for side in means]
    if sum(runs) > 2:
        return _between(difference, means, trials)
    return _welch(difference, [side[0] for side in logs], trials)


def _between(difference: float, means: list[list[float]], trials: int) -> Contrast:
    freedom = sum(len(side) - 1 for side in means)
    squares = sum((mean - statistics.fmean(side)) ** 2 for side in means for mean in side)
    variance = squares / freedom * sum(1 / len(side) for side in means)
    return Contrast(difference, math.sqrt(max(variance, NOTHING)), float(freedom), trials)


def _welch(difference: float, logs: list[list[float]], trials: int) -> Contrast:
    if trials < 2:
        return Contrast(difference, None, 0.0, trials)
    first, second = (statistics.variance(side) / len(side) for side in logs)
    squared = first + second
    if squared < NOTHING:
        return Contrast(difference, math.sqrt(NOTHING), float(sum(map(len, logs)) - 2), trials)
    parts = first**2 / (len(logs[0]) - 1) + second**2 / (len(logs[1]) - 1)
    return Contrast(difference, math.sqrt(squared), squared**2 / parts, trials)
