"""Whether a trial was steady, in its window and from the first request on, and since when."""

import itertools
import math
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bench.base import levels
from bench.model.trial import Trial
from loadgen.result import Series

# The slopes of all pairs are computed: neighbours of a longer series are averaged first.
POINTS_MOST = 200
# Kendall's: nine of ten pairs of points agree. Of trendless points that follow their neighbours at
# 0.8, fifty come to it in none of 400 series.
CLEAR_TAU = 0.8
STEADY, WARMING, SLOWING, UNSTEADY = "steady", "warming", "slowing", "unsteady"
TOO_SHORT = "too short"


@dataclass(frozen=True)
class Steadiness:
    """What a series of a trial does across the window.

    name: steady, warming (it got faster), slowing, or unsteady (it changed level to and fro)
    series: what was judged, `replies` or `p50_us`
    change: the Theil-Sen slope times the window's length, as a fraction of the median
    chance: Mann and Kendall's p of a trend as clear as this one without any
    shifts: the points from which the level was another
    """

    name: str
    series: str
    change: float
    chance: float
    shifts: tuple[int, ...] = ()

    @property
    def drifts(self) -> bool:
        """Tell if there is a trend across the whole window."""
        return is_drift(self.change, self.chance)


@dataclass(frozen=True)
class Course:
    """What a trial did from its first request to the end of its window.

    name: as in `Steadiness`, or `too short` to tell
    settled_s: when the level that it kept to the end began, seconds from where the window opens
        (negative: in the warm-up); None where it had one level, or none to the end
    """

    name: str
    settled_s: float | None = None


def is_drift(change: float, chance: float) -> bool:
    """Tell if a slope is too large, and too clear, to be called steady."""
    return abs(change) > levels.DRIFT and chance < levels.CHANCE


def of_trial(trial: Trial) -> Steadiness | None:
    """Judge the 100 ms series of a trial; None of one that is too short, or was not measured.

    In closed loop the server sets the pace, and replies tell it. In open loop the schedule does,
    and a server that slows shows in its median response time.
    """
    if trial.result is None:
        return None
    return _telling(trial, [trial.result.series])


def course(trial: Trial) -> Course:
    """Class a trial's series from its first 100 ms on, as Barrett et al. do: nothing is cut off."""
    if trial.result is None:
        return Course(TOO_SHORT)
    warmup, window = trial.result.warmup_series, trial.result.series
    judged = _telling(trial, [warmup, window])
    if judged is None:
        return Course(TOO_SHORT)
    # A slope takes several levels to be followed; one step to another level is none.
    if not judged.shifts or (judged.drifts and len(judged.shifts) > 1):
        return Course(judged.name)
    return Course(judged.name, (judged.shifts[-1] - len(warmup.replies)) * window.step_s)


def courses(trials: Iterable[Trial]) -> str:
    """Return how the trials that were measured went: `steady`, or `4 steady, 1 warming`."""
    names = Counter(course(trial).name for trial in trials if trial.result is not None)
    if len(names) < 2:
        return "".join(names)
    return ", ".join(f"{count} {name}" for name, count in names.most_common())


def _telling(trial: Trial, pieces: Sequence[Series]) -> Steadiness | None:
    """Judge the series that tells of the server, put together from its pieces."""
    series = "replies" if trial.cell.workload.load.rate is None else "p50_us"
    values = [value for piece in pieces for value in getattr(piece, series) if value is not None]
    return judge(values, series)


def judge(values: Sequence[float], series: str = "replies") -> Steadiness | None:
    """Class a series of equal steps, after Barrett et al. (OOPSLA 2017, section 4).

    A trend, or a last level that differs from the one before, is warming or slowing. More than one
    change of level without a trend is unsteady. None for fewer than `POINTS_LEAST` points, or if
    most of them are zero.
    """
    return _judged(tuple(values), series)


# A report asks for a trial's verdict several times, and an answer takes 1.5 ms.
@lru_cache(maxsize=8192)
def _judged(values: tuple[float, ...], series: str) -> Steadiness | None:
    points = _folded(values)
    middle = statistics.median(points) if points else 0
    if len(points) < levels.POINTS_LEAST or not middle:
        return None
    from scipy.stats import kendalltau, theilslopes

    places = range(len(points))
    change = float(theilslopes(points, places).slope) * (len(points) - 1) / middle
    # tau of a constant series is not a number: it has no trend.
    chance = _chance_of_trend(float(kendalltau(places, points).statistic), points)
    shifts = tuple(_shifts(points, levels.DRIFT * middle))
    faster = 1 if series == "replies" else -1
    if is_drift(change, chance):
        name = WARMING if change * faster > 0 else SLOWING
    elif len(shifts) == 1:
        up = statistics.median(points[shifts[0] :]) > statistics.median(points[: shifts[0]])
        name = WARMING if (up == (faster > 0)) else SLOWING
    else:
        name = UNSTEADY if shifts else STEADY
    fold = len(values) / len(points)
    return Steadiness(name, series, change, chance, tuple(round(at * fold) for at in shifts))


def _chance_of_trend(tau: float, points: Sequence[float]) -> float:
    """Return Mann and Kendall's p of a trend, of points that may be like their neighbours.

    Of points that follow each other slowly a trend is as clear by chance: the variance of tau grows
    by the correlations of the ranks that are left when the trend is taken out (Hamed and Rao,
    Journal of Hydrology 204, 1998), here those of a first-order autoregression, its bias put back.
    The trend is a parabola: of a course that slows by a factor the deviations from a line would
    follow each other, and hide it.
    Of trendless series of 50 points with a lag-1 correlation of 0.8 one in three was called a drift
    without that, and 3 % are with it.
    """
    import numpy as np
    from scipy.special import ndtr
    from scipy.stats import rankdata

    size = len(points)
    if math.isnan(tau):  # a constant series has no trend
        return 1.0
    places = np.arange(size)
    left = np.asarray(points) - np.polyval(np.polyfit(places, points, 2), places)
    # Rounded: what is left of a course without noise is that of the arithmetic.
    ranks = rankdata(np.round(left / statistics.median(points), 9))
    ranks -= ranks.mean()
    squares = float((ranks**2).sum())
    correlation = float((ranks[1:] * ranks[:-1]).sum()) / squares if squares else 0.0
    grown = 1.0
    # Where nine of ten pairs of points go the same way it is a trend, whatever its shape: of a
    # course that falls by a factor neither a line nor a parabola leaves mere noise.
    if correlation > 1.645 / math.sqrt(size) and abs(tau) < CLEAR_TAU:
        correlation = min(0.97, (size * correlation + 3) / (size - 4))
        lags = np.arange(1, size - 2)
        weights = (size - lags) * (size - lags - 1) * (size - lags - 2)
        whole = size * (size - 1) * (size - 2)
        grown += 2 * float((weights * correlation**lags).sum()) / whole
    deviation = math.sqrt(2 * (2 * size + 5) / (9 * size * (size - 1)) * grown)
    return 2 * float(ndtr(-abs(tau) / deviation))


def _folded(values: Sequence[float]) -> list[float]:
    """Average neighbours until there are `POINTS_MOST` points at most; a rest is left out."""
    size = math.ceil(len(values) / POINTS_MOST)
    if size <= 1:
        return list(values)
    whole = len(values) // size * size
    return [math.fsum(values[at : at + size]) / size for at in range(0, whole, size)]


def _shifts(points: Sequence[float], least: float) -> list[int]:
    """Return where the level changes by more than `least`, medians of segments compared."""
    cuts = _segments(points, least)
    while cuts:
        bounds = [0, *cuts, len(points)]
        levels = [statistics.median(points[a:b]) for a, b in itertools.pairwise(bounds)]
        steps = [abs(after - before) for before, after in itertools.pairwise(levels)]
        if min(steps) > least:
            break
        del cuts[steps.index(min(steps))]
    return cuts


def _segments(points: Sequence[float], least: float) -> list[int]:
    """Return the starts of all segments but the first: the cuts of least cost.

    The cost of a segment is its squared deviation over the noise's variance, and every cut costs
    `PENALTY` ln n (optimal partitioning: Jackson et al., IEEE Signal Processing Letters 2005).
    The noise is taken from neighbours' differences, which a change of level hardly touches.
    """
    import numpy as np

    series = np.asarray(points, dtype=np.float64)
    size = len(series)
    noise = 1.4826 * float(np.median(np.abs(np.diff(series)))) / math.sqrt(2)
    variance = max(noise, least / 10) ** 2
    sums = np.concatenate([[0.0], np.cumsum(series)])
    squares = np.concatenate([[0.0], np.cumsum(series**2)])
    best, before = np.full(size + 1, np.inf), np.zeros(size + 1, dtype=np.int64)
    best[0] = 0.0
    shortest = int(levels.SEGMENT_LEAST)
    for end in range(shortest, size + 1):
        starts = np.arange(end - shortest + 1)
        deviation = squares[end] - squares[starts]
        deviation -= (sums[end] - sums[starts]) ** 2 / (end - starts)
        costs = best[starts] + deviation / variance + levels.PENALTY * math.log(size)
        before[end] = int(np.argmin(costs))
        best[end] = costs[before[end]]
    cuts, end = [], int(before[size])
    while end:
        cuts.append(end)
        end = int(before[end])
    return cuts[::-1]
