"""What a run would show, told before it starts, from the noise of an earlier one."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from bench.base import levels
from bench.pairs import pairwise
from bench.pairs.layout import Contrast, Values, fit


@dataclass(frozen=True)
class Foresight:
    """The median noise of an earlier run, of a pair in one block: a standard deviation of logs."""

    noise: float

    def detectable(self, blocks: int, servers: int) -> float | None:
        """Return the difference that blocks would show with a power of 80 %, as a fraction.

        None of one block. At the level of the first of all pairs, with each server's own noise.
        """
        if blocks < 2:
            return None
        pairs = max(1, servers * (servers - 1) // 2)
        contrast = Contrast(0.0, self.noise / blocks**0.5, blocks - 1.0, blocks)
        _, shown = pairwise.estimated(contrast, 1 - levels.ERROR / pairs)
        return shown

    def blocks_for(self, difference: float, servers: int, most: int = 500) -> int | None:
        """Return how many blocks would show a difference; None if more than `most` would."""
        for blocks in range(2, most + 1):
            shown = self.detectable(blocks, servers)
            if shown is not None and shown <= difference:
                return blocks
        return None


def of(workloads: Iterable[Values]) -> Foresight | None:
    """Return what an earlier run's values tell, one table for each workload; None of too few."""
    noise = []
    for values in workloads:
        layout = fit(values)
        names = list(values)
        contrasts = (
            layout.contrast(first, second)
            for at, first in enumerate(names)
            for second in names[at + 1 :]
        )
        noise += [each.error * each.blocks**0.5 for each in contrasts if each.error]
    return Foresight(statistics.median(noise)) if noise else None
