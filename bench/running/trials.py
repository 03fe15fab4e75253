"""One trial: a fresh server, its load, an independent client, and what was seen."""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.base.shortages import HouseError
from bench.launch.launcher import Allotment, Server
from bench.launch.observer import Observer
from bench.launch.probe import BrokenEcho, NotReady
from bench.model.calibration import Amount
from bench.model.cpus import Cpus, can_use_many
from bench.model.server import ServerSpec
from bench.model.trial import Cell, Status, Trial, Workload
from bench.model.work import Work
from bench.plan.workloads import unsuited
from bench.running.preflight import limited
from loadgen import fleet, perturbing, witness
from loadgen.fleet import FleetError, NobodyListens
from loadgen.plan import Plan, PlanError, Target
from loadgen.witness import WitnessError
from servers.terms import Address

GENERATORS_PER_CPU = 2
# The slice of an independent client: so much of the window, within these.
WITNESS_SHARE = 0.2
WITNESS_LEAST_S, WITNESS_MOST_S = 0.1, 5.0
WITNESS_WARMUP_S = 0.05
# Where a generator slows itself down instead: one half of it as it is, one slowed down.
PERTURBED_SLICES = 2
# A server has so many times as long to be ready as an interpreter takes to start here: thirty times
# what the slowest of ours needs. On a fast machine it has a time in which people think it hangs.
READY_TIMES = 100
READY_LEAST_S = 10.0


@dataclass(frozen=True)
class Conditions:
    """What all trials of a run have in common; a workload may ask for another size of pools.

    ready_s: how long a server may take until it has answered the probe
    amounts: how much work on the CPU takes how long
    beside: whether an independent client follows, which shows who limits
    """

    cpus: Cpus
    pool_size: int
    duration_s: float
    warmup_s: float
    drain_s: float
    seed: int
    ready_s: float = READY_LEAST_S
    amounts: tuple[Amount, ...] = ()
    beside: bool = True

    @property
    def load_s(self) -> float:
        """Return how long a trial's server is under load."""
        return self.warmup_s + self.duration_s

    @property
    def slice_s(self) -> float:
        """Return how long a witness counts what it gets, where there is one."""
        return min(max(WITNESS_LEAST_S, WITNESS_SHARE * self.duration_s), WITNESS_MOST_S)

    def trial_s(self, workload: Workload) -> float:
        """Return how long a trial's server is under load, with what shows who limits."""
        if workload.work is None and witness.built():
            return self.load_s + WITNESS_WARMUP_S + self.slice_s
        if not workload.load.may_be_generators_limit:
            return self.load_s
        return self.load_s + WITNESS_WARMUP_S + PERTURBED_SLICES * self.slice_s

    def mean_trial_s(self, cells: Sequence[Cell]) -> float:
        """Return how long that is on average."""
        return math.fsum(self.trial_s(cell.workload) for cell in cells) / len(cells)

    def fair(self, workload: Workload, spec: ServerSpec) -> Allotment:
        """Return the terms that a server is started on under a workload."""
        many = can_use_many(spec.many_cpus, spec.many_threads, workload.work)
        return Allotment(
            self.cpus.for_server(many, workload.cpus),
            workload.pool_size or self.pool_size,
            self.ready_s,
            work=None if workload.work is None else self.measured_out(workload.work, spec),
            hog=workload.hog,
            switch_interval_us=workload.switch_interval_us,
        )

    def measured_out(self, work: Work, spec: ServerSpec) -> dict[str, float | str]:
        """Return a piece of work as a server is told it; what is done on the CPU, by its count."""
        amount = work.us / 1e6
        if work.holds_cpu:
            wanted = (spec.python.name if spec.python else "", work.kind, work.us)
            amount = next(a.count for a in self.amounts if (a.python, a.kind, a.us) == wanted)
        return {"kind": work.kind, "amount": amount}


def target(transport: str, address: Address) -> Target:
    """Return where the generator finds a server."""
    if isinstance(address, str):
        return Target("unix", path=address)
    return Target(transport, address[0], address[1])


def load_plan(
    workload: Workload, conditions: Conditions, address: Address, block: int, first_source: int
) -> Plan:
    """Return the order to the generator: one process for each CPU that it needs.

    Two of its processes for each CPU of the server are more than any server keeps busy: the one in
    C, which does nothing else, is driven to its limit by less than two.
    """
    cpus = conditions.cpus.generator
    most = GENERATORS_PER_CPU * len(conditions.cpus.for_server(True, workload.cpus))
    return Plan(
        target(workload.transport, address),
        workload.load,
        conditions.duration_s,
        conditions.warmup_s,
        conditions.drain_s,
        seed=conditions.seed,
        processes=min(len(cpus), workload.load.connections, most),
        cpus=cpus,
        block=block,
        spin=not conditions.cpus.shared,
        first_source=first_source,
        marked=workload.work.share if workload.work else 0.0,
    )


def measure(
    spec: ServerSpec,
    cell: Cell,
    conditions: Conditions,
    place: tuple[int, int],
    samples: Path | None,
    first_source: int = 0,
) -> Trial:
    """Measure a cell once, with a server process of its own; place is block and position.

    first_source: the address to dial from first, so that no trial meets the closed connections of
        the one before

    Raises:
        PlanError: a limit of this machine forbids the load
    """
    began = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
    trial = Trial(*place, cell, began, Status.FAILED)
    if why := unsuited(spec, cell.workload):
        return replace(trial, status=Status.UNSUITED, reason=why)
    server = Server(spec, cell.workload.transport, conditions.fair(cell.workload, spec))
    try:
        with server:
            trial = driven(trial, server, conditions, samples, first_source)
    except BrokenEcho as error:
        trial = replace(trial, status=Status.BROKEN_ECHO, reason=f"at the probe: {error}")
    except NotReady as error:
        trial = replace(trial, reason=str(error))
    except (FleetError, HouseError) as error:
        trial = replace(trial, status=Status.INSTRUMENT, reason=str(error))
    return replace(trial, server_end=server.ended, runtime=server.runtime)


def driven(
    trial: Trial, server: Server, conditions: Conditions, samples: Path | None, first_source: int
) -> Trial:
    """Put the load on a server that is ready and return the trial with what was seen.

    Raises FleetError if the generator fails, PlanError if a limit of this machine forbids the load.
    """
    workload = trial.cell.workload
    order = load_plan(workload, conditions, server.address, trial.block, first_source)
    sides = Cpus(server.fair.cpus, conditions.cpus.generator)
    observer = Observer(server.supervisor_pid, sides, address=server.address)
    try:
        result = fleet.run(order, observer, samples)
    except NobodyListens as error:
        # It answered the probe, and is gone.
        trial = replace(trial, status=Status.BROKEN_ECHO, reason=f"after the probe: {error}")
        return with_end(trial, server)
    trial = replace(
        trial,
        status=Status.MEASURED,
        result=result,
        server_usage=observer.usage,
        others=observer.others(),
        stolen=observer.stolen(),
        frequencies_mhz=observer.frequencies_mhz(),
        throttled=observer.throttled(),
        counters=observer.counters(),
        ready_s=server.ready_s,
    )
    trial = limited(with_end(trial, server))
    if trial.exit_status is not None or not conditions.beside:
        return trial
    beside = replace(order, first_source=result.next_source)
    return with_end(witnessed(trial, beside, conditions.slice_s), server)


def with_end(trial: Trial, server: Server) -> Trial:
    """Return a trial with what a server that has ended by itself left: status and last words.

    Raises:
        HouseError: its supervisor is dead, so that the trial says nothing
    """
    if not server.exited():
        return trial
    status = server.exit_status
    last = server.last_words()
    reason = f"the server ended with status {status} in mid-trial{': ' if last else ''}{last}"
    return replace(trial, exit_status=status, output=server.output(), reason=reason)


def witnessed(trial: Trial, order: Plan, slice_s: float) -> Trial:
    """Put an independent client on the same server, for a slice of the window; return both.

    Where there is none, the generator is slowed down instead, under a load that it may limit.
    """
    if order.marked:
        # A few per cent of a request that costs a hundred times an echo are nobody's limit.
        return replace(trial, no_witness="it asks for no work")
    try:
        seen = witness.drive(order, slice_s, WITNESS_WARMUP_S)
    except WitnessError as error:
        trial = replace(trial, no_witness=str(error))
        return perturbed(trial, order, slice_s)
    return replace(trial, witness=seen)


def perturbed(trial: Trial, order: Plan, slice_s: float) -> Trial:
    """Return a trial with what slowing the generator down has shown, where that can show it.

    It is a comfort: what it cannot do takes nothing from what was measured.
    """
    got = trial.result.throughput_rps if trial.result else 0.0
    if not (trial.cell.workload.load.may_be_generators_limit and got):
        return trial
    try:
        seen = perturbing.drive(order, PERTURBED_SLICES * slice_s, got)
    except (FleetError, NobodyListens, PlanError):
        return trial
    return replace(trial, perturbation=seen)


def spec_of(cell: Cell, specs: list[ServerSpec]) -> ServerSpec:
    """Return the server of a cell."""
    return next(s for s in specs if s.name == cell.server and s.serves(cell.workload.transport))
