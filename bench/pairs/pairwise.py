"""Which servers of a workload differ, which are equivalent, and what is not shown of the others."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bench.analysis.metrics import Metric
from bench.base import levels
from bench.base.estimate import Estimate
from bench.pairs import layout
from bench.pairs.layout import Contrast, Layout
from bench.pairs.noise_floor import Floor


@dataclass(frozen=True)
class Entrant:
    """A server with its values of one figure by block; bound: they are bounds only."""

    server: str
    values: dict[int, float]
    bound: bool = False


class Answer(StrEnum):
    """What is known of two servers."""

    APART = "apart"
    EQUIVALENT = "equivalent"  # the whole interval lies within the margin
    NOT_SHOWN = "not shown"


class State(StrEnum):
    """How two servers stand to each other, as every table, chart and sentence has it."""

    APART = "apart"
    TIED = "tied"  # the interval holds 1, or lies within what a server and its twin differ by
    INCOMPARABLE = "not comparable"  # a bound, one block, no figure: nothing is known of them


class Reason(StrEnum):
    """Why two servers are not told apart."""

    ONE_BLOCK = "one block"  # that both have, so that there is no interval
    INTERVAL = "interval"  # it holds 1
    FLOOR = "floor"  # they are no further apart than a server and its own twin
    BOUND = "bound"  # the worse figure is a bound only, or either where the two are not apart


@dataclass(frozen=True)
class Pair:
    """Two servers beside each other.

    ratio: first / second, with its interval at `level` if they have two blocks in common
    apart: the two are told apart; because: else why not
    margin: within which two servers are called equivalent, as a fraction
    detectable: the difference that would have been shown with a power of 80 %, as a fraction; None
        without an interval
    blocks: that both have
    """

    first: str
    second: str
    ratio: Estimate | None
    level: float
    apart: bool
    because: Reason | None = None
    margin: float = levels.EQUIVALENT
    detectable: float | None = None
    blocks: int = 0

    @property
    def answer(self) -> Answer:
        """Return which of the three answers the data give."""
        if self.apart:
            return Answer.APART
        known = self.ratio is not None and self.because is not Reason.BOUND
        within = known and self.ratio is not None and self.ratio.within(self.margin)
        return Answer.EQUIVALENT if within else Answer.NOT_SHOWN

    @property
    def state(self) -> State:
        """Return which of the three states they are in."""
        if self.apart:
            return State.APART
        unknown = self.ratio is None or self.because in (Reason.BOUND, Reason.ONE_BLOCK)
        return State.INCOMPARABLE if unknown else State.TIED

    def more_blocks(self, difference: float = levels.WANTED) -> int | None:
        """Return how many more blocks would show a difference with a power of 80 %.

        0: these do. None where nothing is known of the noise.
        """
        if self.detectable is None:
            return None
        needed = self.blocks * (math.log1p(self.detectable) / math.log1p(difference)) ** 2
        return max(0, math.ceil(needed - self.blocks - 1e-9))


def compared(
    order: Sequence[Entrant],
    of: Layout,
    figure: Metric,
    noise: Floor | None,
    error: float = levels.ERROR,
    margin: float = levels.EQUIVALENT,
) -> tuple[Pair, ...]:
    """Test every pair by falling evidence, each at error / (pairs left), until one fails.

    Two differ only if the interval of their ratio, at a level corrected for the number of pairs
    (Holm, Scandinavian Journal of Statistics 6, 1979), lies outside the floor.

    order: the servers, the best centre first; of: their layout; noise: the floor of the figure
    """
    reach = math.log1p(noise.extent) if noise is not None else 0.0
    both = [
        (first, second, of.contrast(first.server, second.server))
        for first, second in itertools.combinations(order, 2)
    ]
    both.sort(key=lambda pair: chance(pair[2], reach))
    pairs: list[Pair] = []
    sure, level = True, float(levels.LEVEL)
    for left, (first, second, contrast) in zip(range(len(both), 0, -1), both, strict=True):
        level = 1 - error / left if sure else level
        ratio, detectable = estimated(contrast, level)
        why = _doubt(first, second, ratio, figure, reach)
        sure = sure and (why is None or why is Reason.BOUND)
        if why is None and not sure:
            why = Reason.INTERVAL
        if why in (Reason.INTERVAL, Reason.FLOOR) and (first.bound or second.bound):
            # What either of them can do is not known, whatever lies between the bounds.
            why = Reason.BOUND
        names = (first.server, second.server)
        pairs.append(
            Pair(*names, ratio, level, why is None, why, margin, detectable, contrast.blocks)
        )
    return tuple(pairs)


def ranked_layout(entrants: Sequence[Entrant]) -> Layout:
    """Lay out the servers that are to be compared."""
    return layout.fit({entrant.server: entrant.values for entrant in entrants})


def chance(contrast: Contrast, reach: float = 0.0) -> float:
    """Return the p-value of a difference beyond `reach`, a logarithm; 1 without an interval."""
    if contrast.error is None:
        return 1.0
    from scipy.special import stdtr

    beyond = max(0.0, abs(contrast.log) - reach)
    return 2 * float(stdtr(contrast.freedom, -beyond / contrast.error)) if beyond else 1.0


def estimated(contrast: Contrast, level: float) -> tuple[Estimate | None, float | None]:
    """Return the ratio with its interval, and the difference that would have been shown.

    That is with a power of 80 %, as a fraction; both None without a block in common.
    """
    if not contrast.blocks:
        return None, None
    if contrast.error is None:
        return Estimate(math.exp(contrast.log)), None
    from scipy.special import stdtrit

    half = float(stdtrit(contrast.freedom, (1 + level) / 2)) * contrast.error
    shown = half + float(stdtrit(contrast.freedom, float(levels.POWER))) * contrast.error
    ends = (contrast.log, contrast.log - half, contrast.log + half)
    # Of a pair with two blocks an end may be beyond what a float holds.
    value, low, high = (math.exp(min(700.0, max(-700.0, end))) for end in ends)
    return Estimate(value, low, high), math.expm1(min(700.0, shown))


def _doubt(
    first: Entrant, second: Entrant, ratio: Estimate | None, figure: Metric, reach: float
) -> Reason | None:
    """Return why a ratio does not tell two servers apart."""
    if ratio is None or ratio.low is None or ratio.high is None:
        return Reason.ONE_BLOCK
    if not ratio.excludes_one:
        return Reason.INTERVAL
    if ratio.low <= math.exp(reach) and ratio.high >= math.exp(-reach):
        return Reason.FLOOR
    worse = second if (ratio.value > 1) == figure.more_is_better else first
    return Reason.BOUND if worse.bound else None
