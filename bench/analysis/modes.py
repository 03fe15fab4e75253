"""Whether the trials of a cell fall into two groups: a server, or a machine, with two speeds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bench.base import levels


@dataclass(frozen=True)
class Modes:
    """Two groups of trials: how many there are in each, and the geometric mean of each."""

    slower: int
    faster: int
    low: float
    high: float


def found(values: Sequence[float]) -> Modes | None:
    """Return the two groups that values fall into; None if they are one, or too few to tell.

    They are cut at the widest gap that leaves a tenth of them, and two at least, on either side.
    They are two groups if that gap is wider than the noise within them makes it: of normal values,
    in one or two sets of a hundred.
    """
    if len(values) < levels.MODES_FROM or min(values) <= 0:
        return None
    logs = sorted(map(math.log, values))
    size = len(logs)
    least = max(2, math.ceil(size / 10))
    gap, at = max((logs[cut] - logs[cut - 1], cut) for cut in range(least, size - least + 1))
    low, high = logs[:at], logs[at:]
    means = [math.fsum(side) / len(side) for side in (low, high)]
    squares = sum((value - means[0]) ** 2 for value in low)
    squares += sum((value - means[1]) ** 2 for value in high)
    within = math.sqrt(squares / (size - 2))
    if gap <= levels.MODES_GAP * within:
        return None
    return Modes(len(low), len(high), math.exp(means[0]), math.exp(means[1]))
