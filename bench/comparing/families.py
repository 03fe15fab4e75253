"""Which of many ratios changed, at one level over all of them, and what would have been shown."""

import math
import statistics
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bench.base import levels
from bench.pairs import pairwise
from bench.pairs.layout import Contrast

# More runs a side than this are not proposed to anybody.
RUNS_MOST = 50

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Family(Generic[Key]):
    """Every ratio that is looked at, one for each cell and figure.

    contrasts: the ratios as logarithms; reach: of each, how far the instrument alone tells equal
        servers apart, as a fraction
    """

    contrasts: Mapping[Key, Contrast]
    reach: Mapping[Key, float]

    @property
    def level(self) -> float:
        """Return the level of the first test, Bonferroni's: what is beyond it changed surely."""
        tests = sum(each.error is not None for each in self.contrasts.values())
        return 1 - levels.ERROR / max(1, tests)

    def changed(self) -> frozenset[Key]:
        """Return those that differ from 1 by more than their reach.

        By falling evidence, each at the error that is asked over the tests that are left, until one
        fails (Holm, Scandinavian Journal of Statistics 6, 1979): the chance that any of equal ones
        is among them is at most that error, however the figures hang together.
        """
        chances = {
            key: pairwise.chance(each, math.log1p(self.reach[key]))
            for key, each in self.contrasts.items()
            if each.error is not None
        }
        found: set[Key] = set()
        order = sorted(chances, key=chances.__getitem__)
        for left, key in zip(range(len(order), 0, -1), order, strict=True):
            if chances[key] > levels.ERROR / left:
                break
            found.add(key)
        return frozenset(found)

    def detectable(self, key: Key) -> float | None:
        """Return the change that would have been shown with a power of 80 %, as a fraction.

        At the level of the first test: what else changed makes it smaller. None without an error.
        """
        return detectable(self.contrasts[key], self.level, self.reach[key])


def detectable(contrast: Contrast, level: float, reach: float = 0.0) -> float | None:
    """Return the change that a ratio would have shown with a power of 80 %, as a fraction."""
    _, size = pairwise.estimated(contrast, level)
    return None if size is None else (1 + size) * (1 + reach) - 1


def runs_for(
    contrasts: Sequence[Contrast], runs: tuple[int, int], level: float, difference: float
) -> int | None:
    """Return how many runs a side would show a difference, by what these differ by.

    contrasts: of several runs a side, such as `runs`; the cell in their middle is taken. None of
    none, or if more than fifty would be needed.
    """
    if not contrasts:
        return None
    once = math.sqrt(1 / runs[0] + 1 / runs[1])
    noise = statistics.median((each.error or 0.0) / once for each in contrasts)
    for many in range(2, RUNS_MOST + 1):
        planned = Contrast(0.0, noise * math.sqrt(2 / many), 2.0 * many - 2, many)
        size = detectable(planned, level)
        if size is not None and size <= difference:
            return many
    return None
