"""What a run finds out about the machine before its first trial: siblings, and rates to offer.

Both are loads like those of the trials, half a second long or less, so that nothing about the speed
of a machine has to be known beforehand.
"""

import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from bench.base.shortages import HouseError
from bench.launch.launcher import BrokenEcho, NotReady, Server
from bench.launch.observer import Observer
from bench.model.server import ServerSpec
from bench.model.trial import TWIN, Cell, Workload
from bench.plan import catalog
from bench.plan.blocks import Plan
from bench.running.trials import READY_LEAST_S, READY_TIMES, Conditions, load_plan, spec_of
from loadgen import fleet
from loadgen.fleet import FleetError
from loadgen.plan import Load

# A trial starts a supervisor, a server and a generator, and waits for the server's end. In the time
# that an interpreter takes to start with asyncio, measured here.
STARTS_PER_TRIAL = 4
LOOK_S = 0.5
RATE_LOOK_S = 0.3
LOOK_WARMUP_S = 0.1
LOOK_CONNECTIONS = 50
# Two threads of one core share its units: together they do 1.2 to 1.4 times the work of one, so
# either is slowed by a third or more (Intel, Hyper-Threading Technology Architecture, 2002: 30 % on
# servers). Half of that, in both figures, is more than two such looks differ by here (8 %).
SLOWED = 0.85
# A server at half of what it can carry has queues that are short, and time for the disturbed
# moments; its p99 is its own.
SHARE_OF_PEAK = 0.5
# Rates that are found are rounded down to these times a power of ten: so that the runs of one
# machine, which come out a few per cent apart, offer the same and can be compared.
STEPS = (5, 2, 1)


@dataclass(frozen=True)
class Look:
    """What one short load found: replies/s, and the server's CPU time for each in µs."""

    throughput_rps: float
    cpu_us: float | None


@dataclass(frozen=True)
class Calibration:
    """What was found before the first trial.

    start_s: how long an interpreter takes to start, with asyncio
    spinning, sleeping: the native server under a generator that does one or the other; None where
        it was not looked at
    peaks_rps: by workload with a common rate, what each server reached with nothing held back
    rates_rps: the rate that is offered there
    """

    start_s: float = 0.0
    spinning: Look | None = None
    sleeping: Look | None = None
    peaks_rps: dict[str, dict[str, float]] = field(default_factory=dict)
    rates_rps: dict[str, float] = field(default_factory=dict)

    @property
    def overhead_s(self) -> float:
        """Return what a trial takes beside its load: processes that start, and a server's end."""
        return STARTS_PER_TRIAL * self.start_s

    @property
    def hidden_siblings(self) -> bool | None:
        """Tell if the CPUs of the two sides look like threads of one core; None unknown."""
        return None if self.spinning is None or self.sleeping is None else self._slowed()

    def _slowed(self) -> bool:
        assert self.spinning is not None
        assert self.sleeping is not None
        slower = self.spinning.throughput_rps < SLOWED * self.sleeping.throughput_rps
        if self.spinning.cpu_us is None or self.sleeping.cpu_us is None:
            return slower
        return slower and self.sleeping.cpu_us < SLOWED * self.spinning.cpu_us

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self) | {"hidden_siblings": self.hidden_siblings}

    def told(self) -> list[str]:
        """Return what a person should know, a line each."""
        lines = []
        if self.hidden_siblings:
            assert self.spinning is not None
            assert self.sleeping is not None
            ratio = self.spinning.throughput_rps / self.sleeping.throughput_rps
            lines.append(
                f"machine: a generator that spins slows the server to {ratio:.0%}: the CPUs of the "
                "two sides seem to be threads of one core, which the hypervisor does not tell; "
                "choose others (--server-cpus, --generator-cpus), or compare with "
                "--generator-wait sleep"
            )
        for name, rate in self.rates_rps.items():
            if not self.peaks_rps[name]:
                lines.append(f"rate: {name} is offered {rate:g} requests/s: no server answered")
                continue
            slowest = min(self.peaks_rps[name], key=self.peaks_rps[name].__getitem__)
            peak = self.peaks_rps[name][slowest]
            lines.append(
                f"rate: {name} is offered {rate:,.0f} requests/s, which every server here can "
                f"carry (the slowest, {slowest}, reached {peak:,.0f})"
            )
        return lines


def start_s() -> float:
    """Return how long an interpreter takes to start here, with asyncio: the shorter of two."""
    took_s = []
    for _ in range(2):
        begun_s = time.monotonic()
        subprocess.run([sys.executable, "-I", "-c", "import asyncio"], check=True)
        took_s.append(time.monotonic() - begun_s)
    return min(took_s)


def calibrate(
    made: Plan, specs: list[ServerSpec], conditions: Conditions
) -> tuple[Plan, Conditions, Calibration]:
    """Look at the machine; return plan and conditions with what was found, and what that was.

    Raises:
        PlanError: a limit of this machine forbids a load
    """
    begun_s, spinning, sleeping = start_s(), None, None
    conditions = replace(conditions, ready_s=max(READY_LEAST_S, READY_TIMES * begun_s))
    native = catalog.native().get(catalog.NATIVE_NAME)
    spins = any(cell.workload.load.wait != "sleep" for cell in made.cells)
    if native is not None and spins and not conditions.cpus.shared:
        loads = (Load(LOOK_CONNECTIONS, wait=wait) for wait in ("spin", "sleep"))
        spinning, sleeping = (
            look(native, Workload("look", "tcp", load), conditions, LOOK_S) for load in loads
        )
    peaks, rates = {}, {}
    for workload in dict.fromkeys(cell.workload for cell in made.cells):
        if workload.common_rate:
            peaks[workload.name] = peaks_of(workload, made.cells, specs, conditions)
            rates[workload.name] = common_rate(peaks[workload.name].values())
    found = Calibration(begun_s, spinning, sleeping, peaks, rates)
    cells = tuple(replace(cell, workload=settled(cell.workload, rates)) for cell in made.cells)
    return replace(made, cells=cells), conditions, found


def peaks_of(
    workload: Workload, cells: Iterable[Cell], specs: list[ServerSpec], conditions: Conditions
) -> dict[str, float]:
    """Return what each server reaches in a closed loop, replies/s; without those that failed."""
    found = {}
    for cell in cells:
        if cell.workload == workload and not cell.server.endswith(TWIN):
            seen = look(spec_of(cell, specs), workload, conditions, RATE_LOOK_S)
            if seen is not None and seen.throughput_rps:
                found[cell.server] = seen.throughput_rps
    return found


def common_rate(peaks_rps: Iterable[float]) -> float:
    """Return the rate to offer to servers of such peaks: half of the lowest, rounded down.

    Of servers that all failed nothing is known; they are offered one request per second.
    """
    most = SHARE_OF_PEAK * min(peaks_rps, default=0.0)
    power = 1.0
    while power * 10 <= most:
        power *= 10
    return next((step * power for step in STEPS if step * power <= most), 1.0)


def settled(workload: Workload, rates: dict[str, float]) -> Workload:
    """Return a workload with the rate that was found for it, if it asked for one."""
    if not workload.common_rate:
        return workload
    load = replace(workload.load, rate=rates[workload.name])
    return replace(workload, load=load, common_rate=False)


def look(
    spec: ServerSpec, workload: Workload, conditions: Conditions, seconds: float
) -> Look | None:
    """Put a short load on a server; None if it, or the generator, failed.

    Raises:
        PlanError: a limit of this machine forbids the load
    """
    short = replace(conditions, duration_s=seconds, warmup_s=LOOK_WARMUP_S)
    try:
        with Server(spec, workload.transport, conditions.fair(workload, spec)) as server:
            observer = Observer(server.supervisor_pid, conditions.cpus)
            digest = fleet.run(load_plan(workload, short, server.address, 0, 0), observer)
    except (NotReady, BrokenEcho, FleetError, HouseError):
        return None
    replies = digest["watched"]["replies"]
    cpu_us = None
    if observer.usage is not None and replies:
        cpu_us = observer.usage.cpu_s * 1e6 / replies
    return Look(digest["throughput_rps"], cpu_us)
