"""Which servers of a workload differ: every pair is tested, corrected for their number."""

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from bench.analysis import intervals, metrics, shrinkage
from bench.analysis.metrics import Figure
from bench.analysis.noise_floor import Floor
from bench.analysis.shrinkage import Prior
from bench.base import wording
from bench.base.estimate import Estimate

# Chance of calling any two equal servers of a workload different, over all its pairs together.
ERROR = 0.05


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


@dataclass(frozen=True)
class Pair:
    """Two servers beside each other.

    ratio: first / second over shared blocks, its interval at `level`; None without such a block
    apart: the two are told apart
    because: else why not: `one block`, `interval` (it holds 1), `floor` (no further apart than a
        server and its twin) or `bound` (the worse figure is a bound only)
    """

    first: str
    second: str
    ratio: Estimate | None
    level: float
    apart: bool
    because: str = ""

    def __str__(self) -> str:
        """Return the ratio, with ≈ before it if the two are not told apart."""
        if self.ratio is None:
            return ""
        tied = "" if self.apart or self.first == self.second else "≈ "
        return tied + wording.ratio(self.ratio)


def compared(
    order: Sequence[Entrant], figure: Figure, noise: Floor | None, error: float = ERROR
) -> tuple[Pair, ...]:
    """Test every pair by falling evidence, each at error / (pairs left), until one fails.

    Two differ only if the interval of their ratio excludes 1 at a level corrected for the number
    of pairs (Holm, Scandinavian Journal of Statistics 6, 1979) and the ratio is outside the floor.

    order: the servers, the best centre first; noise: the floor of the figure
    """
    both = list(itertools.combinations(order, 2))
    samples = [metrics.logs(first.values, second.values) for first, second in both]
    known = shrinkage.common(samples, shrinkage.freedom([entrant.values for entrant in order]))
    both.sort(key=lambda pair: _chance(pair[0], pair[1], known))
    found: list[Pair] = []
    sure, level = True, intervals.LEVEL
    for left, (first, second) in zip(range(len(both), 0, -1), both, strict=True):
        level = 1 - error / left if sure else level
        estimate = intervals.ratio(first.values, second.values, level, known)
        sure = sure and _excludes_one(estimate)
        why = _doubt(first, second, estimate, figure, noise) or ("" if sure else "interval")
        found.append(Pair(first.server, second.server, estimate, level, not why, why))
    return tuple(found)


def _doubt(
    first: Entrant, second: Entrant, found: Estimate | None, figure: Figure, noise: Floor | None
) -> str:
    """Return why a ratio cannot tell two servers apart however narrow its interval is."""
    if found is None or found.low is None:
        return "one block"
    if noise is not None and metrics.distance(found.value) <= noise.extent:
        return "floor"
    worse = second if (found.value > 1) == figure.more_is_better else first
    return "bound" if worse.bound else ""


def _chance(first: Entrant, second: Entrant, known: Prior | None) -> float:
    """Return the p-value of Student's t on the logarithms of the ratios over shared blocks."""
    logs = metrics.logs(first.values, second.values)
    if len(logs) < 2:
        return 1.0
    variance, freedom = shrinkage.spread(logs, known)
    centre = statistics.fmean(logs)
    if variance < shrinkage.NOTHING:
        return float(abs(centre) < 1e-12)
    from scipy.special import stdtr

    return 2 * float(stdtr(freedom, -abs(centre) / math.sqrt(variance / len(logs))))


def _excludes_one(found: Estimate | None) -> bool:
    if found is None or found.low is None or found.high is None:
        return False
    return found.low > 1 or found.high < 1
