"""When something is due, whose turn it is, and how to wait for it: arithmetic, no clock."""

import itertools
import random
from array import array
from bisect import bisect_left
from collections.abc import Sequence

# A generator that sleeps wakes before a send by the 1 ms to which epoll rounds its timeout up, and
# half of that for the waking itself: nearer than this, it spins.
SPIN_NS = 1_500_000
# A poll that finds nothing fits in before a send that is this many times its own length away.
POLL_MARGIN = 3
# A generator that sleeps looks at its clock this often when nothing comes; replies wake it at once.
POLL_S = 0.05
# What is drawn repeats after this many arrivals: 2 MiB of gaps.
REPEAT_AFTER = 1 << 18


def drawn(expected: float) -> int:
    """Return how many arrivals to draw where so many are expected: a power of two."""
    return min(REPEAT_AFTER, 1 << max(10, int(expected).bit_length()))


def gaps_ns(rate: float, arrivals: str, seed: int, count: int = REPEAT_AFTER) -> "array[int]":
    """Return the gaps between arrivals in nanoseconds, to be used in turn, again and again.

    Exponential gaps make a Poisson process, the arrivals of many independent users. Those that come
    again are scaled so that their mean is exactly the offered one; of those that are used once the
    sum is as random as it is in such a process.
    """
    mean_ns = 1e9 / rate
    if arrivals == "constant":
        # Rounding is carried over, so that the schedule does not drift from the rate.
        marks = [round(mean_ns * number) for number in range(count + 1)]
        return array("q", (b - a for a, b in itertools.pairwise(marks)))
    draw = random.Random(seed).expovariate
    gaps = [draw(1.0) for _ in range(count)]
    scale = mean_ns * count / sum(gaps) if count == REPEAT_AFTER else mean_ns
    return array("q", (round(gap * scale) for gap in gaps))


def turns(connections: int, assignment: str, seed: int, count: int = REPEAT_AFTER) -> list[int]:
    """Return whose turn it is: the numbers of connections, to be used again and again.

    Requests of independent users meet at random; turns keep those of one connection apart, which
    halves the tail of a server that has a process for each of a few connections.
    """
    if assignment == "turns":
        return list(range(connections))
    return random.Random(f"turns {seed}").choices(range(connections), k=count)


def pause(wait_ns: int, poll_ns: int, sleeps: bool) -> float | None:
    """Return how a loop waits for what is due in `wait_ns`, which is past if that is negative.

    poll_ns: what is due within it leaves no time for a poll; sleeps: whether polls may sleep

    Returns:
        None: look at the clock again, without a poll; else how many seconds the poll may sleep
    """
    if 0 < wait_ns < poll_ns:
        return None
    if not sleeps or wait_ns <= SPIN_NS:
        return 0.0
    return min((wait_ns - SPIN_NS) / 1e9, POLL_S)


class Schedule:
    """The instants at which something falls due: a first one, then gaps that come again and again.

    Times are in nanoseconds.
    """

    def __init__(self, gaps: Sequence[int], first_ns: int) -> None:
        """Add the gaps up once."""
        self.first_ns = first_ns
        self.places = [0, *itertools.accumulate(gaps)]
        self.cycle_ns = self.places.pop()

    def before(self, at_ns: int) -> int:
        """Return how many fall due before an instant."""
        after_ns = at_ns - self.first_ns
        if after_ns <= 0:
            return 0
        cycles, rest_ns = divmod(after_ns, max(1, self.cycle_ns))
        return cycles * len(self.places) + bisect_left(self.places, rest_ns)

    def between(self, open_ns: int, close_ns: int) -> int:
        """Return how many fall due from one instant to just before another."""
        return self.before(close_ns) - self.before(open_ns)
