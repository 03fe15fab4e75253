"""What some CPUs spent their time on, from the kernel's counters in /proc/stat."""

import math
import os
import time
from dataclasses import dataclass

from bench.host import kernel

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
# Fields of a CPU's line: user, nice, system, idle, iowait, irq, softirq, steal. What follows, guest
# and guest_nice, is counted in user and nice once more.
IDLE_FIELDS = (4, 5)
STEAL_FIELD = 8
# All states together advance as the clock does, a tick or two aside. Counters that went half as far
# are frozen, or somebody else's: a container's view, a sandbox's constant.
COVERED_LEAST = 0.5


@dataclass(frozen=True)
class CpuTimes:
    """Seconds that a number of CPUs has been there, has been idle, and has been withheld.

    counted_s: the sum of all states; stolen_s: None where the kernel has no such counter

    There are two ways to know of work, each with a fault of its own. What idleness leaves of the
    clock: idleness is counted to the microsecond, but the way into it and out of it again is not,
    and a server that is woken 48,000 times a second leaves a quarter of a CPU that nobody used. And
    what the kernel sees by looking once a tick: that misses what sleeps in the same rhythm, and is
    a sample. Others used at least the smaller one.
    """

    cpus: int
    span_s: float
    counted_s: float
    idle_s: float
    stolen_s: float | None

    def __sub__(self, earlier: "CpuTimes") -> "CpuTimes":
        """Return the times from an earlier moment to this one."""
        known = self.stolen_s is not None and earlier.stolen_s is not None
        return CpuTimes(
            self.cpus,
            self.span_s - earlier.span_s,
            self.counted_s - earlier.counted_s,
            self.idle_s - earlier.idle_s,
            self.stolen_s - earlier.stolen_s if known else None,  # type: ignore[operator]
        )

    @property
    def credible(self) -> bool:
        """Return whether these times advanced with the clock: else they say nothing."""
        available_s = self.span_s * self.cpus
        return available_s > 0 and self.counted_s + self._step_s >= COVERED_LEAST * available_s

    def used(self, own_s: float) -> float | None:
        """Return the part of the CPU time that went into work beyond `own_s`, at least.

        None where the counters do not tell.
        """
        if not self.credible:
            return None
        left_s = self.span_s * self.cpus - self.idle_s - (self.stolen_s or 0.0)
        seen_s = self.counted_s - self.idle_s - (self.stolen_s or 0.0) - self._chance_s
        return self._share(min(left_s, seen_s) - own_s)

    def stolen(self) -> float | None:
        """Return the part of the CPU time that the hypervisor withheld, at least; None unknown."""
        if self.stolen_s is None or not self.credible:
            return None
        return self._share(self.stolen_s)

    @property
    def _chance_s(self) -> float:
        """Return the standard error of what is seen by looking once a tick, at its largest."""
        return 0.5 * math.sqrt(self.cpus * max(0.0, self.span_s) / TICKS_PER_S)

    @property
    def _step_s(self) -> float:
        # The counters of each CPU may be one step off.
        return self.cpus / TICKS_PER_S

    def _share(self, seconds: float) -> float:
        return max(0.0, seconds - self._step_s) / (self.span_s * self.cpus)


def read(cpus: tuple[int, ...]) -> CpuTimes | None:
    """Read the counters of some CPUs; None where one of them is not there."""
    return parse(kernel.text("/proc/stat") or "", cpus, time.monotonic())


def parse(stat: str, cpus: tuple[int, ...], at_s: float) -> CpuTimes | None:
    """Sum the counters of some CPUs in the text of /proc/stat, read at a moment.

    None where one of the CPUs has no line, or one that cannot be read.
    """
    wanted = {f"cpu{cpu}" for cpu in cpus}
    rows = [line.split() for line in stat.splitlines() if line.split(" ", 1)[0] in wanted]
    if {row[0] for row in rows} != wanted or any(len(row) <= max(IDLE_FIELDS) for row in rows):
        return None
    try:
        ticks = [[0, *(int(word) for word in row[1 : STEAL_FIELD + 1])] for row in rows]
    except ValueError:
        return None
    complete = all(len(row) > STEAL_FIELD for row in ticks)
    return CpuTimes(
        len(cpus),
        at_s,
        sum(map(sum, ticks)) / TICKS_PER_S,
        sum(row[field] for row in ticks for field in IDLE_FIELDS) / TICKS_PER_S,
        sum(row[STEAL_FIELD] for row in ticks) / TICKS_PER_S if complete else None,
    )
