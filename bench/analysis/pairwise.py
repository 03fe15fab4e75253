"""Which servers of a workload differ: every pair is tested, corrected for their number."""

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bench.analysis import intervals, metrics, shrinkage
from bench.analysis.metrics import Metric
from bench.analysis.noise_floor import Floor
from bench.analysis.shrinkage import Prior
from bench.base import levels
from bench.base.estimate import Estimate


@dataclass(frozen=True)
class Entrant:
    """A server with its values of one figure by block; bound: they are bounds only."""

    server: str
    values: dict[int, float]
    bound: bool = False

    @property
    def centre(self) -> float:
        """Return the geometric mean of its values."""
        return statistics.geometric_mean(self.values.values())


class Reason(StrEnum):
    """Why two servers are not told apart."""

    ONE_BLOCK = "one block"  # that both have, so that there is no interval
    INTERVAL = "interval"  # it holds 1
    FLOOR = "floor"  # they are no further apart than a server and its own twin
    BOUND = "bound"  # the worse figure is a bound only


@dataclass(frozen=True)
class Pair:
    """Two servers beside each other.

    ratio: first / second over shared blocks, its interval at `level`; None without such a block
    apart: the two are told apart
    because: else why not
    """

    first: str
    second: str
    ratio: Estimate | None
    level: float
    apart: bool
    because: Reason | None = None


def compared(
    order: Sequence[Entrant], figure: Metric, noise: Floor | None, error: float = levels.ERROR
) -> tuple[Pair, ...]:
    """Test every pair by falling evidence, each at error / (pairs left), until one fails.

    Two differ only if the interval of their ratio excludes 1 at a level corrected for the number
    of pairs (Holm, Scandinavian Journal of Statistics 6, 1979) and the ratio is outside the floor.

    order: the servers, the best centre first; noise: the floor of the figure
    """
    both = list(itertools.combinations(order, 2))
    samples = [metrics.logs(first.values, second.values) for first, second in both]
    known = shrinkage.fit_prior(
        samples, shrinkage.residual_degrees_of_freedom([entrant.values for entrant in order])
    )
    both.sort(key=lambda pair: _chance(pair[0], pair[1], known))
    pairs: list[Pair] = []
    sure, level = True, float(levels.LEVEL)
    for left, (first, second) in zip(range(len(both), 0, -1), both, strict=True):
        level = 1 - error / left if sure else level
        estimate = intervals.ratio(first.values, second.values, level, known)
        sure = sure and estimate is not None and estimate.excludes_one
        why = _doubt(first, second, estimate, figure, noise)
        if why is None and not sure:
            why = Reason.INTERVAL
        pairs.append(Pair(first.server, second.server, estimate, level, why is None, why))
    return tuple(pairs)


def _doubt(
    first: Entrant, second: Entrant, ratio: Estimate | None, figure: Metric, noise: Floor | None
) -> Reason | None:
    """Return why a ratio cannot tell two servers apart however narrow its interval is."""
    if ratio is None or ratio.low is None:
        return Reason.ONE_BLOCK
    if noise is not None and metrics.distance(ratio.value) <= noise.extent:
        return Reason.FLOOR
    worse = second if (ratio.value > 1) == figure.more_is_better else first
    return Reason.BOUND if worse.bound else None


def _chance(first: Entrant, second: Entrant, known: Prior | None) -> float:
    """Return the p-value of Student's t on the logarithms of the ratios over shared blocks."""
    logs = metrics.logs(first.values, second.values)
    if len(logs) < 2:
        return 1.0
    variance, freedom = shrinkage.moderated_variance(logs, known)
    centre = statistics.fmean(logs)
    if variance < shrinkage.NOTHING:
        return float(abs(centre) < 1e-12)
    from scipy.special import stdtr

    return 2 * float(stdtr(freedom, -abs(centre) / math.sqrt(variance / len(logs))))
