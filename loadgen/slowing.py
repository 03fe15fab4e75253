"""The calls of a generator that slows itself down in slices, each request by a counted time."""

import math
import random
import statistics
import time
from typing import Any

from loadgen.driver import System
from loadgen.plan import Plan

# A load begins with connections that meet a cold server.
WARMUP_S = 0.05
# Pairs of slices whose order is drawn; then they come again.
PAIRS = 1024
# What a turn of the loop costs is the median of so many looks at so many turns.
LOOKS, TURNS = 15, 2000


class Slowing:
    """Writes requests, in every other slice after a counted extra time; counts them by slice.

    Slices are those of the monotonic clock, so that all processes of a load are slowed down at the
    same time: one that were alone would leave the server to the others. In each pair of slices the
    order is drawn from the block.

    requests: written in each whole slice, of those as they are and of those that are slowed down
    """

    def __init__(self, plan: Plan, system: System) -> None:
        """Measure what a turn of an empty loop costs, and prepare the order."""
        draw = random.Random(plan.block).randrange
        self.first_slowed = [draw(2) for _ in range(PAIRS)]
        self.turns = max(1, round(plan.extra_us * 1000 / _turn_ns()))
        self.size = plan.load.payload_bytes
        self.clock, self.call = system.clock, system.write
        self.slice_ns = round(plan.slice_s * 1e9)
        self.warmup = math.ceil(WARMUP_S / plan.slice_s)
        self.until_ns = self.count = self.first = 0
        self.index: int | None = None
        self.slow = False
        self.requests: tuple[list[int], list[int]] = ([], [])

    def write(self, fd: int, data: Any) -> int:
        """Write what is to be sent; several requests in one cost as many extra times."""
        if (now := self.clock()) >= self.until_ns:
            self.turn_over(now)
        requests = len(data) // self.size
        self.count += requests
        if self.slow:
            for _ in range(self.turns * requests):
                pass
        return self.call(fd, data)

    def turn_over(self, now_ns: int) -> None:
        """Close the slice that was, and those in which nothing could be written."""
        index = now_ns // self.slice_ns
        if self.index is not None:
            for past in range(max(self.index, self.first), index):
                written = self.count if past == self.index else 0
                self.requests[self.is_slow(past)].append(written)
        else:
            self.first = index + self.warmup
        self.count, self.index, self.slow = 0, index, self.is_slow(index)
        self.until_ns = (index + 1) * self.slice_ns

    def is_slow(self, index: int) -> bool:
        """Tell if a slice, by its number on the clock, is one of those that are slowed down."""
        return bool(index % 2) != bool(self.first_slowed[index // 2 % PAIRS])


def _turn_ns() -> float:
    """Return what a turn of an empty loop costs this process."""
    looks = []
    for _ in range(LOOKS):
        begun_ns = time.perf_counter_ns()
        for _ in range(TURNS):
            pass
        looks.append((time.perf_counter_ns() - begun_ns) / TURNS)
    return statistics.median(looks)
