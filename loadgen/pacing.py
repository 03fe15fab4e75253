"""When the next request of an open loop is due: arithmetic, no clock."""

import itertools
import random
from array import array

# The gaps repeat after this many arrivals: 2 MiB, and a minute of them at 4,000 a second.
GAPS = 1 << 18


def gaps_ns(rate: float, arrivals: str, seed: int, count: int = GAPS) -> "array[int]":
    """Return the gaps between arrivals in nanoseconds, to be used in turn, again and again.

    Exponential gaps make a Poisson process, the arrivals of many independent users. They are
    scaled so that their mean is exactly the offered one.
    """
    mean_ns = 1e9 / rate
    if arrivals == "constant":
        # Rounding is carried over, so that the schedule does not drift from the rate.
        marks = [round(mean_ns * number) for number in range(count + 1)]
        return array("q", (b - a for a, b in itertools.pairwise(marks)))
    draw = random.Random(seed).expovariate
    drawn = [draw(1.0) for _ in range(count)]
    scale = mean_ns * count / sum(drawn)
    return array("q", (round(gap * scale) for gap in drawn))
