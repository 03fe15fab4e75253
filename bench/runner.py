"""Carry out a plan: measure cell after cell, block by block, each trial on disk as it ends."""

import datetime as dt
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bench import precision, store
from bench.launcher import BrokenEcho, NotReady, Server, Terms
from bench.machine import Cpus
from bench.noise import disturbance
from bench.observer import Observer
from bench.plan import Plan, Progress, next_block
from bench.records import Cell, Trial, Workload
from bench.spec import ServerSpec
from loadgen import fleet
from loadgen.fleet import FleetError
from loadgen.plan import Plan as LoadPlan
from loadgen.plan import Target
from servers.terms import Address

# Raw samples of a run that are kept on disk; the digest of a trial holds what reports need.
SAMPLES_BUDGET = 256 * 2**20


@dataclass(frozen=True)
class Conditions:
    """What all trials of a run have in common; a workload may ask for another size of pools."""

    cpus: Cpus
    pool_size: int
    duration_s: float
    warmup_s: float
    drain_s: float
    seed: int

    @property
    def load_s(self) -> float:
        """Return how long a trial's server is under load."""
        return self.warmup_s + self.duration_s

    def fair(self, workload: Workload) -> Terms:
        """Return the terms that servers are started on under a workload."""
        return Terms(self.cpus.server, workload.pool_size or self.pool_size)


def target(transport: str, address: Address) -> Target:
    """Return where the generator finds a server."""
    if isinstance(address, str):
        return Target("unix", path=address)
    return Target(transport, address[0], address[1])


def load_plan(workload: Workload, conditions: Conditions, address: Address) -> LoadPlan:
    """Return the order to the generator: one process for each of its CPUs."""
    cpus = conditions.cpus.generator
    return LoadPlan(
        target(workload.transport, address),
        workload.load,
        conditions.duration_s,
        conditions.warmup_s,
        conditions.drain_s,
        seed=conditions.seed,
        processes=min(len(cpus), workload.load.connections),
        cpus=cpus,
    )


def measure(
    spec: ServerSpec, cell: Cell, conditions: Conditions, place: tuple[int, int], samples: Path
) -> Trial:
    """Measure a cell once, with a server process of its own; place is block and position.

    Raises:
        PlanError: a limit of this machine forbids the load
    """
    began = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
    trial = Trial(*place, cell, began, "failed")
    server = Server(spec, cell.workload.transport, conditions.fair(cell.workload))
    try:
        with server:
            trial = driven(trial, server, conditions, samples)
    except BrokenEcho as error:
        trial = replace(trial, status="broken-echo", reason=f"at the probe: {error}")
    except (NotReady, FleetError) as error:
        trial = replace(trial, reason=str(error))
    return replace(trial, server_end=server.ended)


def driven(trial: Trial, server: Server, conditions: Conditions, samples: Path) -> Trial:
    """Put the load on a server that is ready and return the trial with what was seen.

    Raises:
        FleetError: the generator failed
        PlanError: a limit of this machine forbids the load
    """
    order = load_plan(trial.cell.workload, conditions, server.address)
    observer = Observer(server.supervisor_pid, conditions.cpus)
    digest = fleet.run(order, observer, samples)
    trial = replace(
        trial,
        status="measured",
        load=digest,
        server_usage=observer.usage,
        others=observer.others(),
        stolen=observer.stolen(),
        frequencies_mhz=observer.frequencies_mhz(),
        ready_s=server.ready_s,
    )
    if not server.exited():
        return trial
    status = server.exit_status
    reason = f"the server ended with status {status} in mid-trial"
    return replace(trial, exit_status=status, output=server.output(), reason=reason)


def run(
    plan: Plan, specs: list[ServerSpec], conditions: Conditions, folder: Path
) -> Iterator[Trial]:
    """Measure block after block as the plan decides; each trial is stored, then yielded.

    Raises:
        PlanError: a limit of this machine forbids a load
    """
    now, kept = Progress(width=_width(plan, folder)), Budget(SAMPLES_BUDGET)
    while (block := next_block(plan, now)) is not None:
        again = block == now.done
        block_began_s = time.monotonic()
        trials = []
        for position, index in enumerate(plan.order(block)):
            cell = plan.cells[index]
            path = store.samples_path(folder, block, position, cell)
            spec = spec_of(cell, specs)
            trial = measure(spec, cell, conditions, (block, position), path)
            kept.keep(path)
            store.append(folder, trial)
            trials.append(trial)
            yield trial
        planned = plan.first <= block < plan.first + plan.blocks and not again
        now = Progress(
            done=block,
            disturbed=any(disturbance(trial) for trial in trials),
            repeated=now.repeated | ({block} if again else set()),
            extra_s=now.extra_s + (0.0 if planned else time.monotonic() - block_began_s),
            width=_width(plan, folder),
        )


def spec_of(cell: Cell, specs: list[ServerSpec]) -> ServerSpec:
    """Return the server of a cell."""
    return next(s for s in specs if s.name == cell.server and s.serves(cell.workload.transport))


def _width(plan: Plan, folder: Path) -> float | None:
    """Return how wide the widest interval is, where the plan wants it narrow."""
    found = None if plan.until is None else precision.widest(store.read(folder))
    return None if found is None else found.width


class Budget:
    """What may be kept on disk of the raw samples; what goes beyond it is removed again."""

    def __init__(self, left: int) -> None:
        """Start with this many bytes."""
        self.left = left

    def keep(self, path: Path) -> None:
        """Keep a file if it fits."""
        if path.exists():
            self.left -= path.stat().st_size
            if self.left < 0:
                path.unlink()
