"""One `bench run`: from the options to a run folder with its trials."""

import datetime as dt
import itertools
import resource
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from bench import catalog, doctor, header, machine, plan, runner, store
from bench.catalog import Outside
from bench.config import ConfigError, Suite
from bench.machine import Cpus
from bench.plan import Plan
from bench.progress import Display
from bench.records import Cell, Workload
from bench.spec import ServerSpec
from bench.store import Run
from loadgen.sockets import DESCRIPTORS_SPARE
from servers import terms

RESULTS = Path("results")
# Time for blocks that were disturbed, as a part of the time planned.
EXTRA = 0.2
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
    planned_s = suite.trials * len(cells) * (suite.duration_s + suite.warmup_s + OVERHEAD_S)
    budget_s = planned_s * EXTRA if suite.budget_s is None else suite.budget_s
    made = Plan(cells, suite.trials, suite.seed, until=extras.until, budget_s=budget_s)
    folder = out or new_folder(suite.name)
    return Session(suite.name, specs, choice.skipped, made, conditions, folder)


def choose(servers: tuple[str, ...], outside: Outside, points: list[Workload]) -> catalog.Choice:
    """Return the servers that take part."""
    kinds = {terms.kind_of(point.transport) for point in points}
    return catalog.choose(catalog.read(outside), list(servers), kinds)


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


def reopen(folder: Path, blocks: int | None, servers: tuple[str, ...], outside: Outside) -> Session:
    """Return a run that goes on: with `blocks` None the rest of it, else so many new blocks.

    The blocks that are added hold all servers, the ones that are added included.

    Raises:
        StoreError: there is no such run
        ConfigError: another machine, other versions, or a server that is not there any more.
    """
    run = store.read(folder)
    old = run.header
    header.check_same(folder, old)
    config = old["config"]
    points = [Workload.from_json(fields) for fields in config["workloads"]]
    specs = [catalog.again(fields) for fields in config["servers"]]
    if servers:
        added = choose(servers, outside, points).specs.values()
        specs += [spec for spec in added if spec.name not in {s.name for s in specs}]
    cells = tuple(Cell.from_json(fields) for fields in old["cells"])
    cells += tuple(cell for cell in plan.cells(specs, points) if cell not in cells)
    if blocks is None:
        first = whole_blocks(run)
    else:
        first = 1 + max((trial.block for trial in run.trials), default=-1)
    left = max(0, config["trials"] - first) if blocks is None else blocks
    times = (config["duration_s"], config["warmup_s"], config["drain_s"])
    cpus = Cpus(tuple(old["cpus"]["server"]), tuple(old["cpus"]["generator"]))
    conditions = runner.Conditions(cpus, config["pool_size"], *times, old["seed"])
    made = Plan(cells, left, old["seed"], first, config["until"], config["budget_s"])
    return Session(config["suite"], specs, (), made, conditions, folder, goes_on=True)


def whole_blocks(run: Run) -> int:
    """Return how many blocks, from the first on, have all the cells that were planned for them."""
    planned = [Cell.from_json(fields) for fields in run.header["cells"]]
    measured: dict[int, set[Cell]] = {}
    for trial in run.trials:
        measured.setdefault(trial.block, set()).add(trial.cell)
    orders = run.header["order"]
    whole = itertools.takewhile(
        lambda block: measured.get(block, set()) >= {planned[index] for index in orders[block]},
        range(len(orders)),
    )
    return sum(1 for _ in whole)


def measure(session: Session, console: Console, *, quiet: bool = False) -> bool:
    """Run the trials into the folder; return whether all were run.

    What was measured before an interrupt is on disk.

    Raises:
        StoreError: the folder cannot be used.
        PlanError: a limit of this machine forbids a load.
    """
    folder, head = session.folder, header.of(session)
    if session.goes_on:
        old = store.read(folder).header
        kept = old["order"][: session.plan.first]
        head = old | {key: head[key] for key in ("config", "cells")}
        head["order"] = kept + [session.plan.order(block) for block in session.blocks]
        store.extend(folder, head)
    else:
        store.create(folder, head)
    if not quiet:
        console.print(doctor.short(doctor.examine()), highlight=False, soft_wrap=True)
    complete = False
    try:
        with Display(console, session.trials, quiet) as display:
            for trial in runner.run(session.plan, session.specs, session.conditions, folder):
                display.ended(trial)
        complete = True
    except KeyboardInterrupt:
        console.print("interrupted: writing the report of what was measured")
    if session.plan.until is not None:
        console.print(precision(session.plan, folder), highlight=False, soft_wrap=True)
    store.finish(folder, head, header.now(), complete)
    store.link_latest(folder)
    return complete


def precision(made: Plan, folder: Path) -> str:
    """Say whether the intervals have become as narrow as asked, or the time was up."""
    width = runner.widest(store.read(folder).trials)
    asked = f"{made.until or 0:.1%}"
    if width is None:
        return f"intervals: none yet; {asked} of the value was asked for"
    widest = f"intervals: the widest is {width:.1%} of its value; {asked} was asked for"
    if width <= (made.until or 0):
        return widest
    return f"{widest}, and the time budget of {made.budget_s:g} s is used up"
