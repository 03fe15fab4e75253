"""One `bench run` before it starts: what was asked for, checked."""

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.base import levels, wording
from bench.base.errors import ConfigError
from bench.host import machine
from bench.model.calibration import Calibration
from bench.model.server import ServerSpec
from bench.model.trial import Cell, Workload
from bench.plan import catalog, workloads
from bench.plan.blocks import RunPlan
from bench.plan.catalog import Outside
from bench.plan.suite_file import Suite
from bench.running import preflight, trials
from bench.store import run_folder
from bench.store.room import Need
from servers import terms

RESULTS = Path("results")
# Chosen: with a second each, two weeks.
TRIALS_MOST = 1_000_000
NOTHING = Outside()
NOT_LOOKED = Calibration()


@dataclass(frozen=True)
class Session:
    """A run that has been checked and can start, or go on."""

    name: str
    specs: list[ServerSpec]
    skipped: tuple[str, ...]
    plan: RunPlan
    conditions: trials.Conditions
    folder: Path
    goes_on: bool = False
    calibration: Calibration = NOT_LOOKED

    @property
    def blocks(self) -> range:
        """Return the numbers of the blocks that are planned."""
        return range(self.plan.first, self.plan.first + self.plan.blocks)

    @property
    def trials(self) -> int:
        """Return how many trials are planned."""
        return self.plan.blocks * len(self.plan.cells)

    def summary(self) -> str:
        """Return what is going to be measured, and how long it takes."""
        blocks = wording.count(self.plan.blocks, "block", "blocks")
        planned = wording.clock(
            self.trials * (self.conditions.load_s + self.calibration.overhead_s)
        )
        extra = "that are disturbed"
        extra += "" if self.plan.until is None else " or make intervals narrower"
        return (
            f"plan: {wording.count(self.trials, 'trial', 'trials')} in {blocks}, about {planned} "
            f"min; up to {wording.clock(self.plan.budget_s)} min more for blocks {extra}"
        )


@dataclass(frozen=True)
class Request:
    """A new run as it was asked for.

    out: its folder, None for one below `results/`
    aa: the server whose twin is measured, `none` for no twin; None: the first that can have one
    until: how narrow the intervals shall become, as a fraction
    server_cpus, generator_cpus: in place of what the machine is split into
    """

    suite: Suite
    outside: Outside = NOTHING
    out: Path | None = None
    aa: str | None = None
    until: float | None = None
    server_cpus: tuple[int, ...] = ()
    generator_cpus: tuple[int, ...] = ()


def prepare(request: Request) -> Session:
    """Check everything that can be checked before a process starts.

    Raises:
        ConfigError, PlanError: what was asked for makes no sense or cannot be had here.
        StoreError: the folder is not empty, or cannot be read
    """
    suite = request.suite
    points = workloads.workloads(suite.workloads)
    choice = choose(suite.servers, request.outside, points)
    specs = with_twin(list(choice.specs.values()), request.aa)
    cells = workloads.cells(specs, points)
    for spec in specs:
        if not any(cell.server == spec.name for cell in cells):
            raise ConfigError(f"server {spec.name}: serves none of the workloads' transports")
    if (asked_trials := len(cells) * suite.trials) > TRIALS_MOST:
        raise ConfigError(
            f"{len(cells):,} cells, each {suite.trials:,} times, are {asked_trials:,} trials: "
            f"ask for {TRIALS_MOST:,} at most"
        )
    many = any(spec.many_cpus for spec in specs)
    cpus = machine.cpus_for_run(many, request.server_cpus, request.generator_cpus)
    preflight.check(measured(specs, cells), cpus.pool_size, len(cpus.server))
    times_s = (suite.duration_s, suite.warmup_s, suite.drain_s)
    conditions = trials.Conditions(cpus, cpus.pool_size, *times_s, suite.seed)
    budget_s = suite.budget_s
    if budget_s is None:
        extra = levels.EXTRA if request.until is None else levels.EXTRA_UNTIL
        budget_s = extra * suite.trials * len(cells) * conditions.load_s
    plan = RunPlan(cells, suite.trials, suite.seed, until=request.until, budget_s=budget_s)
    folder = request.out or new_folder(suite.name)
    run_folder.check_new(folder)
    Need.of(cells, suite.trials, conditions.load_s).check(folder, suite.trials * len(cells))
    return Session(suite.name, specs, choice.skipped, plan, conditions, folder)


def with_twin(specs: list[ServerSpec], aa: str | None) -> list[ServerSpec]:
    """Return the servers with the twin that was asked for; raises ConfigError."""
    if aa not in (None, "none", *(spec.name for spec in specs)):
        raise ConfigError(f"--aa {aa}: is not measured in this run; name one that is")
    return workloads.twin(specs, aa)


def measured(specs: list[ServerSpec], cells: Iterable[Cell]) -> list[tuple[ServerSpec, Cell]]:
    """Return every cell with its server."""
    return [(trials.spec_of(cell, specs), cell) for cell in cells]


def choose(
    servers: tuple[str, ...], outside: Outside, points: Sequence[Workload]
) -> catalog.Choice:
    """Return the servers that take part: those listed, and what is brought, listed or not."""
    kinds = {terms.kind_of(point.transport) for point in points}
    return catalog.choose(catalog.read(outside), [*servers, *outside.unlisted(servers)], kinds)


def new_folder(name: str) -> Path:
    """Return a folder for a run that is not there yet, named by time and suite."""
    stamp = f"{dt.datetime.now(dt.UTC):%Y%m%d-%H%M%S}-{name}"
    names = itertools.chain([stamp], (f"{stamp}-{number}" for number in itertools.count(2)))
    return next(RESULTS / name for name in names if not (RESULTS / name).exists())
