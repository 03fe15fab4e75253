"""A generator that slows itself down, to see whether the load follows: who limits, without help.

Each request costs the generator a counted extra time. Where the server limits, that time is taken
from waiting and changes nothing; where the generator does, the whole cycle grows by it. So a
program can be asked what it would gain by being faster, which it cannot be made (virtual speed-ups:
Curtsinger and Berger, Coz, SOSP 2015).
"""

from dataclasses import replace

from loadgen.fleet import Fleet
from loadgen.plan import Plan
from loadgen.result import Perturbation
from loadgen.slowing import SLICE_NS

# Of the time that a request has taken before: what a generator that is idle for more of its time
# does not lose, so little that this tells who limits as things are, and still above the noise.
EXTRA_SHARE = 0.2


def drive(plan: Plan, seconds: float, throughput_rps: float) -> Perturbation:
    """Put the load of a plan on its server for so long, slowed down in every other slice of it.

    throughput_rps: what the plan's load got before, which tells how long a request takes

    Raises:
        FleetError: the generator failed
        PlanError: a limit of this machine forbids the load
    """
    extra_us = EXTRA_SHARE * plan.processes / throughput_rps * 1e6
    with Fleet(replace(plan, duration_s=seconds, warmup_s=0.0, extra_us=extra_us)) as fleet:
        parts, _ = fleet.generate()
    plain, slowed = (
        sum(
            part.facts["slowed_requests"][which]
            / max(1, part.facts["slices"][which])
            / (SLICE_NS / 1e9)
            for part in parts
        )
        for which in (0, 1)
    )
    return Perturbation(plain, slowed, extra_us, plan.processes)
