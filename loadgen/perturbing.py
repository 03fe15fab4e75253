"""A generator that slows itself down, to see whether the load follows: who limits, without help.

Each request costs the generator a counted extra time. Where the server limits, that time is taken
from waiting and changes nothing; where the generator does, the whole cycle grows by it. So a
program can be asked what it would gain by being faster, which it cannot be made (virtual speed-ups:
Curtsinger and Berger, Coz, SOSP 2015).
"""

import math
import statistics
from dataclasses import replace

from loadgen.fleet import Fleet
from loadgen.plan import Plan
from loadgen.result import Perturbation
from loadgen.slowing import WARMUP_S

# Of the time that a request has taken before: what a generator that is idle for more of its time
# does not lose, so little that this tells who limits as things are, and still above the noise.
EXTRA_SHARE = 0.2
# A slice is short beside the moods of a machine. It is long beside the cycle of a connection, or
# what a server answers in one go falls into this slice or the next. Where that makes it too long
# (slow servers, thousands of connections) a trial would take longer than its window.
SLICE_LEAST_S, SLICE_MOST_S, CYCLES = 0.01, 0.06, 10
# Of either kind, so that single ones can be left out.
EACH_LEAST = 5


def slice_for(plan: Plan, throughput_rps: float) -> float | None:
    """Return how long a slice is where a load gets so much; None where it would be too long."""
    cycle_s = plan.load.connections * plan.load.depth / throughput_rps
    slice_s = max(SLICE_LEAST_S, CYCLES * cycle_s)
    return slice_s if slice_s <= SLICE_MOST_S else None


def drive(plan: Plan, seconds: float, throughput_rps: float) -> Perturbation | None:
    """Put the load of a plan on its server for so long, slowed down in every other slice of it.

    throughput_rps: what the plan's load got before, which tells how long a request takes

    Returns: None where requests take too long for this.

    Raises:
        FleetError: the generator failed
        PlanError: a limit of this machine forbids the load
    """
    slice_s = slice_for(plan, throughput_rps)
    if slice_s is None:
        return None
    seconds = max(seconds, WARMUP_S + (2 * EACH_LEAST + 2) * slice_s)
    extra_us = EXTRA_SHARE * plan.processes / throughput_rps * 1e6
    slowed_down = replace(plan, extra_us=extra_us, slice_s=slice_s)
    with Fleet(replace(slowed_down, duration_s=seconds, warmup_s=0.0)) as fleet:
        parts, _ = fleet.generate()
    plain, slowed = (
        math.fsum(middle(part.facts["slices"][which]) for part in parts) / slice_s
        for which in (0, 1)
    )
    return Perturbation(plain, slowed, extra_us, plan.processes)


def middle(counts: list[int]) -> float:
    """Return the mean of the middle half, 0 of none: others hold single slices up.

    A median of few requests in a slice would be a whole number.
    """
    cut = len(counts) // 4
    return statistics.fmean(sorted(counts)[cut : len(counts) - cut]) if counts else 0.0
