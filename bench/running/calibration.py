"""What a run finds out about the machine before its first trial: siblings, and rates to offer.

Both are loads like those of the trials, half a second long or less, so that nothing about the speed
of a machine has to be known beforehand.
"""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace

from bench.base.shortages import HouseError
from bench.host import pace
from bench.launch.launcher import Server
from bench.launch.observer import Observer
from bench.launch.probe import BrokenEcho, NotReady
from bench.model.calibration import Amount, Calibration, Look
from bench.model.interpreter import Interpreter
from bench.model.server import ServerSpec
from bench.model.trial import TWIN, Cell, Workload
from bench.plan import catalog
from bench.plan.workloads import unsuited
from bench.running.prepare import Session
from bench.running.trials import READY_LEAST_S, READY_TIMES, Conditions, load_plan, spec_of
from loadgen import fleet
from loadgen.fleet import FleetError, NobodyListens
from loadgen.plan import Load, PlanError

LOOK_S = 0.5
RATE_LOOK_S = 0.3
LOOK_WARMUP_S = 0.1
LOOK_CONNECTIONS = 50
# A server at half of what it can carry has queues that are short, and time for the disturbed
# moments; its p99 is its own.
SHARE_OF_PEAK = 0.5
# Rates that are found are rounded down to these times a power of ten: so that the runs of one
# machine, which come out a few per cent apart, offer the same and can be compared.
STEPS = (5, 2, 1)


def start_s() -> float:
    """Return how long an interpreter takes to start here, with asyncio: the shorter of two."""
    took_s = []
    for _ in range(2):
        begun_s = time.monotonic()
        # In a session of its own: a Ctrl-C is ours to answer, and it would show a traceback.
        words = [sys.executable, "-I", "-c", "import asyncio"]
        subprocess.run(words, check=True, start_new_session=True)
        took_s.append(time.monotonic() - begun_s)
    return min(took_s)


def calibrated(session: Session) -> Session:
    """Look at the machine; return a new run with what was found. One that goes on has it.

    Raises:
        PlanError: a limit of this machine forbids a load
    """
    if session.goes_on:
        return measured_out(session)
    plan, specs = session.plan, session.specs
    begun_s, spinning, sleeping = start_s(), None, None
    conditions = replace(session.conditions, ready_s=max(READY_LEAST_S, READY_TIMES * begun_s))
    native = catalog.native().get(catalog.NATIVE_NAME)
    spins = any(cell.workload.load.wait != "sleep" for cell in plan.cells)
    if native is not None and spins and not conditions.cpus.shared:
        loads = (Load(LOOK_CONNECTIONS, wait=wait) for wait in ("spin", "sleep"))
        spinning, sleeping = (
            look(native, Workload("look", "tcp", load), conditions, LOOK_S) for load in loads
        )
    session = measured_out(session)
    conditions = replace(conditions, amounts=session.conditions.amounts)
    peaks, found = {}, {}
    for workload in dict.fromkeys(cell.workload for cell in plan.cells):
        if workload.common_rate:
            peaks[workload.name] = peaks_of(workload, plan.cells, specs, conditions)
            found[workload] = common_rate(peaks[workload.name].values())
    rates = shared(found)
    calibration = Calibration(begun_s, spinning, sleeping, peaks, rates, conditions.amounts)
    cells = tuple(replace(cell, workload=settled(cell.workload, rates)) for cell in plan.cells)
    plan = replace(plan, cells=cells)
    return replace(session, plan=plan, conditions=conditions, calibration=calibration)


def measured_out(session: Session) -> Session:
    """Return a session with the counts of all work on the CPU that its cells ask for.

    Raises:
        PlanError: an interpreter cannot do it
    """
    amounts = session.conditions.amounts
    known = {(each.python, each.kind, each.us) for each in amounts}
    for name, pieces in pieces_of(session).items():
        wanted = sorted(piece for piece in pieces if (name, *piece) not in known)
        if wanted:
            try:
                python = pythons_of(session).get(name)
                amounts += pace.measured_out(wanted, python, first_cpu(session.conditions))
            except HouseError as error:
                raise PlanError(f"{name or 'this interpreter'}: {error}") from None
    conditions = replace(session.conditions, amounts=amounts)
    calibration = replace(session.calibration, amounts=amounts)
    return replace(session, conditions=conditions, calibration=calibration)


def pythons_of(session: Session) -> dict[str, Interpreter]:
    """Return the interpreters of a run by name, without ours."""
    return {spec.python.name: spec.python for spec in session.specs if spec.python}


def pieces_of(session: Session) -> dict[str, set[tuple[str, float]]]:
    """Return which work on the CPU is done under each interpreter, `` is ours: kind and time."""
    pieces: dict[str, set[tuple[str, float]]] = {}
    for cell in session.plan.cells:
        work = cell.workload.work
        if work is not None and work.holds_cpu:
            python = spec_of(cell, session.specs).python
            pieces.setdefault(python.name if python else "", set()).add((work.kind, work.us))
    return pieces


def looked_at_again(session: Session) -> tuple[Amount, ...]:
    """Return the work of a run with the time that it takes now, at the end."""
    amounts = session.conditions.amounts
    pythons = pythons_of(session)
    found: list[Amount] = []
    for name in dict.fromkeys(each.python for each in amounts):
        own = [each for each in amounts if each.python == name]
        # What cannot be looked at again costs nothing that was measured.
        with contextlib.suppress(HouseError):
            own = list(pace.looked_at_again(own, pythons.get(name), first_cpu(session.conditions)))
        found += own
    return tuple(found)


def first_cpu(conditions: Conditions) -> int:
    """Return the CPU that a server with one has."""
    return conditions.cpus.for_server(many=False)[0]


def peaks_of(
    workload: Workload, cells: Iterable[Cell], specs: list[ServerSpec], conditions: Conditions
) -> dict[str, float]:
    """Return what each server reaches in a closed loop, replies/s; without those that failed."""
    peaks = {}
    for cell in cells:
        spec = spec_of(cell, specs)
        takes_part = cell.workload == workload and not cell.server.endswith(TWIN)
        if takes_part and not unsuited(spec, workload):
            seen = look(spec, workload, conditions, RATE_LOOK_S)
            if seen is not None:
                peaks[cell.server] = seen.throughput_rps
    return peaks


def common_rate(peaks_rps: Iterable[float]) -> float:
    """Return the rate to offer to servers of such peaks: half of the lowest, rounded down.

    Of servers that all failed nothing is known; they are offered one request per second.
    """
    most = SHARE_OF_PEAK * min(peaks_rps, default=0.0)
    power = 1.0
    while power * 10 <= most:
        power *= 10
    return next((step * power for step in STEPS if step * power <= most), 1.0)


def shared(found: Mapping[Workload, float]) -> dict[str, float]:
    """Return the rate of each workload by name; those that differ in idle connections share one.

    What these cost is seen under the same load alone: the lowest that was found.
    """
    lowest: dict[Workload, float] = {}
    for workload, rate in found.items():
        lowest[_without_idle(workload)] = min(rate, lowest.get(_without_idle(workload), rate))
    return {workload.name: lowest[_without_idle(workload)] for workload in found}


def _without_idle(workload: Workload) -> Workload:
    return replace(workload, load=replace(workload.load, idle=0))


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
            result = fleet.run(load_plan(workload, short, server.address, 0, 0), observer)
            # One that died took its counters along; without replies there is nothing to tell of.
            if server.exited() or not result.throughput_rps:
                return None
    except (NotReady, BrokenEcho, FleetError, NobodyListens, HouseError):
        return None
    cpu_us = None
    if observer.usage is not None and result.watched is not None and result.watched.replies:
        cpu_us = observer.usage.cpu_s * 1e6 / result.watched.replies
    return Look(result.throughput_rps, cpu_us if cpu_us and cpu_us > 0 else None)
