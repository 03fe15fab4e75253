"""One `bench run` before it starts: what was asked for, checked."""

import datetime as dt
import itertools
import resource
from dataclasses import dataclass
from pathlib import Path

from bench import catalog, machine, plan, runner, words
from bench.catalog import Outside
from bench.config import ConfigError, Suite
from bench.machine import Cpus
from bench.plan import Plan
from bench.records import Workload
from bench.spec import ServerSpec
from loadgen.sockets import DESCRIPTORS_SPARE
from servers import terms

RESULTS = Path("results")
# Time for blocks that were disturbed, as a part of the time planned,
EXTRA = 0.2
# and with `--until` for those that make intervals narrower: four times the blocks, half the width.
EXTRA_UNTIL = 3.0
# A trial's time beside its load: two processes that start, and a server that ends.
OVERHEAD_S = 0.35


@dataclass(frozen=True)
class Session:
    """A run that has been checked and can start, or go on."""

    name: str
    specs: list[ServerSpec]
    skipped: tuple[str, ...]
    plan: Plan
    conditions: runner.Conditions
    folder: Path
    goes_on: bool = False

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
        blocks = words.count(self.plan.blocks, "block", "blocks")
        planned = words.clock(planned_s(self.trials, self.conditions))
        extra = "that are disturbed"
        extra += "" if self.plan.until is None else " or make intervals narrower"
        return (
            f"plan: {words.count(self.trials, 'trial', 'trials')} in {blocks}, about {planned} min;"
            f" up to {words.clock(self.plan.budget_s)} min more for blocks {extra}"
        )


@dataclass(frozen=True)
class Extras:
    """What a run may be asked beside its suite.

    aa: the server whose twin is measured, `none` for no twin
    until: how narrow the intervals shall become, as a fraction
    server_cpus, generator_cpus: in place of the halves that the machine is split into
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
    points = plan.workloads(suite.workloads)
    choice = choose(suite.servers, outside, points)
    specs = list(choice.specs.values())
    if extras.aa not in (None, "none", *(spec.name for spec in specs)):
        raise ConfigError(f"--aa {extras.aa}: is not measured in this run; name one that is")
    specs = plan.twin(specs, extras.aa)
    cells = plan.cells(specs, points)
    for spec in specs:
        if not any(cell.server == spec.name for cell in cells):
            raise ConfigError(f"server {spec.name}: serves none of the workloads' transports")
    check_descriptors(points)
    halves = machine.cpus_for_run()
    cpus = Cpus(extras.server_cpus or halves.server, extras.generator_cpus or halves.generator)
    times = (suite.duration_s, suite.warmup_s, suite.drain_s)
    conditions = runner.Conditions(cpus, cpus.pool_size, *times, suite.seed)
    budget_s = suite.budget_s
    if budget_s is None:
        extra = EXTRA if extras.until is None else EXTRA_UNTIL
        budget_s = extra * planned_s(suite.trials * len(cells), conditions)
    made = Plan(cells, suite.trials, suite.seed, until=extras.until, budget_s=budget_s)
    folder = out or new_folder(suite.name)
    return Session(suite.name, specs, choice.skipped, made, conditions, folder)


def planned_s(trials: int, conditions: runner.Conditions) -> float:
    """Return how long so many trials take, about."""
    return trials * (conditions.load_s + OVERHEAD_S)


def choose(servers: tuple[str, ...], outside: Outside, points: list[Workload]) -> catalog.Choice:
    """Return the servers that take part: those listed, and what is brought, listed or not."""
    kinds = {terms.kind_of(point.transport) for point in points}
    return catalog.choose(catalog.read(outside), [*servers, *outside.unlisted(servers)], kinds)


def check_descriptors(points: list[Workload]) -> None:
    """Refuse more connections than a server process may have open; raises ConfigError."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for point in points:
        needed = point.load.connections + point.load.idle + DESCRIPTORS_SPARE
        if hard != resource.RLIM_INFINITY and needed > hard:
            raise ConfigError(
                f"workload {point.name}: needs {needed} open files in the server and the hard "
                f"limit is {hard}; raise it (ulimit -Hn {needed}) or ask for fewer connections"
            )


def new_folder(name: str) -> Path:
    """Return a folder for a run that is not there yet, named by time and suite."""
    stamp = f"{dt.datetime.now(dt.UTC):%Y%m%d-%H%M%S}-{name}"
    names = itertools.chain([stamp], (f"{stamp}-{number}" for number in itertools.count(2)))
    return next(RESULTS / name for name in names if not (RESULTS / name).exists())
