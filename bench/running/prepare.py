"""One `bench run` before it starts: what was asked for, checked."""

import datetime as dt
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.base import wording
from bench.base.errors import ConfigError
from bench.host import machine
from bench.model.server import ServerSpec
from bench.model.trial import Cell, Workload
from bench.plan import catalog, workloads
from bench.plan.blocks import Plan
from bench.plan.catalog import Outside
from bench.plan.suite_file import Suite
from bench.running import preflight, trials
from servers import terms

RESULTS = Path("results")
# Time for blocks that were disturbed, as a part of the time under load that is planned,
EXTRA = 0.25
# and with `--until` for those that make intervals narrower: four times the blocks, half the width.
EXTRA_UNTIL = 3.0


@dataclass(frozen=True)
class Session:
    """A run that has been checked and can start, or go on.

    overhead_s: of a trial beside its load, once the machine has been looked at
    """

    name: str
    specs: list[ServerSpec]
    skipped: tuple[str, ...]
    plan: Plan
    conditions: trials.Conditions
    folder: Path
    goes_on: bool = False
    overhead_s: float = 0.0

    @property
    def blocks(self) -> range:
        """Return the numbers of the blocks that are planned."""
        return range(self.plan.first, self.plan.first + self.plan.blocks)

    @property
    def trials(self) -> int:
        """Return how many trials are planned."""
        return self.plan.blocks * len(self.plan.cells)

    @property
    def told(self) -> str:
        """Return what is going to be measured, and how long it takes."""
        blocks = wording.count(self.plan.blocks, "block", "blocks")
        planned = wording.clock(self.trials * (self.conditions.load_s + self.overhead_s))
        extra = "that are disturbed"
        extra += "" if self.plan.until is None else " or make intervals narrower"
        return (
            f"plan: {wording.count(self.trials, 'trial', 'trials')} in {blocks}, about {planned} "
            f"min; up to {wording.clock(self.plan.budget_s)} min more for blocks {extra}"
        )


@dataclass(frozen=True)
class Extras:
    """What a run may be asked beside its suite.

    aa: the server whose twin is measured, `none` for no twin
    until: how narrow the intervals shall become, as a fraction
    server_cpus, generator_cpus: in place of what the machine is split into
    """

    aa: str | None = None
    until: float | None = None
    server_cpus: tuple[int, ...] = ()
    generator_cpus: tuple[int, ...] = ()


def prepare(suite: Suite, outside: Outside, out: Path | None, extras: Extras) -> Session:
    """Check everything that can be checked before a process starts.

    Raises:
        ConfigError, PlanError: what was asked for makes no sense or cannot be had here.
    """
    points = workloads.workloads(suite.workloads)
    choice = choose(suite.servers, outside, points)
    specs = list(choice.specs.values())
    if extras.aa not in (None, "none", *(spec.name for spec in specs)):
        raise ConfigError(f"--aa {extras.aa}: is not measured in this run; name one that is")
    specs = workloads.twin(specs, extras.aa)
    cells = workloads.cells(specs, points)
    for spec in specs:
        if not any(cell.server == spec.name for cell in cells):
            raise ConfigError(f"server {spec.name}: serves none of the workloads' transports")
    many = any(spec.many_cpus for spec in specs)
    cpus = machine.cpus_for_run(many, extras.server_cpus, extras.generator_cpus)
    preflight.check(measured(specs, cells), cpus.pool_size, len(cpus.server))
    times = (suite.duration_s, suite.warmup_s, suite.drain_s)
    conditions = trials.Conditions(cpus, cpus.pool_size, *times, suite.seed)
    budget_s = suite.budget_s
    if budget_s is None:
        extra = EXTRA if extras.until is None else EXTRA_UNTIL
        budget_s = extra * suite.trials * len(cells) * conditions.load_s
    made = Plan(cells, suite.trials, suite.seed, until=extras.until, budget_s=budget_s)
    folder = out or new_folder(suite.name)
    return Session(suite.name, specs, choice.skipped, made, conditions, folder)


def measured(specs: list[ServerSpec], cells: Iterable[Cell]) -> list[tuple[ServerSpec, Cell]]:
    """Return every cell with its server."""
    return [(trials.spec_of(cell, specs), cell) for cell in cells]


def choose(servers: tuple[str, ...], outside: Outside, points: list[Workload]) -> catalog.Choice:
    """Return the servers that take part: those listed, and what is brought, listed or not."""
    kinds = {terms.kind_of(point.transport) for point in points}
    return catalog.choose(catalog.read(outside), [*servers, *outside.unlisted(servers)], kinds)


def new_folder(name: str) -> Path:
    """Return a folder for a run that is not there yet, named by time and suite."""
    stamp = f"{dt.datetime.now(dt.UTC):%Y%m%d-%H%M%S}-{name}"
    names = itertools.chain([stamp], (f"{stamp}-{number}" for number in itertools.count(2)))
    return next(RESULTS / name for name in names if not (RESULTS / name).exists())
