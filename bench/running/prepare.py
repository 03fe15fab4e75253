"""One `bench run` before it starts: what was asked for, checked."""

import datetime as dt
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.analysis import metrics
from bench.base import levels, limits, wording
from bench.base.errors import ConfigError, StoreError, UserError, in_words
from bench.host import machine
from bench.model.calibration import Calibration
from bench.model.server import ServerSpec
from bench.model.trial import TWIN, Cell, Workload
from bench.pairs import foresight
from bench.plan import catalog, workloads
from bench.plan.blocks import RunPlan
from bench.plan.catalog import Outside
from bench.plan.suite_file import Suite
from bench.running import preflight, trials
from bench.store import run_folder
from bench.store.room import Need
from servers import terms

RESULTS = Path("results")
# What must be the same of a machine for an earlier run to tell of its noise.
SAME_NOISE = ("cpu_model", "usable_cpus", "kernel")
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
    base: str = ""
    slo: tuple[str, ...] = ()

    @property
    def blocks(self) -> range:
        """Return the numbers of the blocks that are planned."""
        return range(self.plan.first, self.plan.first + self.plan.blocks)

    @property
    def trials(self) -> int:
        """Return how many trials are planned."""
        return self.plan.blocks * len(self.plan.cells)

    @property
    def trial_s(self) -> float:
        """Return how long a server is under load in a trial, on average."""
        return self.conditions.mean_trial_s(self.plan.cells)

    def summary(self) -> str:
        """Return what is going to be measured, and how long it takes."""
        blocks = wording.count(self.plan.blocks, "block", "blocks")
        limit = wording.clock(self.plan.budget_s)
        if self.plan.proving:
            return f"plan: {blocks} or more, until it is decided; {limit} min at most"
        planned = wording.clock(self.trials * (self.trial_s + self.calibration.overhead_s))
        extra = "that are disturbed"
        extra += "" if self.plan.until is None else " or make intervals narrower"
        return (
            f"plan: {wording.count(self.trials, 'trial', 'trials')} in {blocks}, about {planned} "
            f"min; up to {limit} min more for blocks {extra}"
        )


def expectations(session: Session) -> list[str]:
    """Return what the run can show, by the noise of the last one here, and what it cannot tell."""
    lines = [*_shown(session)]
    if session.conditions.cpus.shared:
        lines.append(
            "one CPU for both sides (shared-cpu): each waits for the other, and a server that "
            "costs less leaves the generator more; compare CPU per request"
        )
    load_s = session.conditions.duration_s
    for workload in dict.fromkeys(cell.workload for cell in session.plan.cells):
        rate, needed = workload.load.rate, limits.SAMPLES_BEYOND * 100
        if rate is not None and workload.work is not None and workload.work.mixture:
            rate *= 1 - workload.work.share  # of the light requests, which the question is about
        if rate is not None and rate * load_s < needed:
            lines.append(
                f"p99: {workload.name} offers {rate * load_s:,.0f} requests a trial, too few for a "
                f"p99; --duration {math.ceil(needed / rate)} would do"
            )
    return lines


def _shown(session: Session) -> Iterator[str]:
    """Yield the difference that the run would show, by the noise of an earlier one here."""
    try:
        earlier = run_folder.read((RESULTS / "latest").resolve())
    except (UserError, OSError):
        return
    here = machine.describe()
    if any(earlier.header.machine.get(name) != here.get(name) for name in SAME_NOISE):
        return
    by_workload: dict[Workload, dict[str, dict[int, float]]] = {}
    for cell, by_block in metrics.by_cell(earlier.planned.trials).items():
        values = metrics.values(by_block, metrics.leading(cell.workload).column)
        usable = {block: value for block, value in values.items() if value > 0}
        if usable:
            by_workload.setdefault(cell.workload, {})[cell.server] = usable
    ahead = foresight.of(by_workload.values())
    servers = len({cell.server for cell in session.plan.cells if not cell.server.endswith(TWIN)})
    shown = None if ahead is None else ahead.detectable(session.plan.blocks, servers)
    if ahead is None or shown is None:
        return
    blocks = ahead.blocks_for(levels.WANTED, servers)
    more = f"; {levels.WANTED:.0%} would take {blocks}" if blocks else ""
    yield (
        f"noise: by that of {earlier.header.run_id}, {session.plan.blocks} blocks show differences "
        f"of {wording.difference(shown)} and more (power {levels.POWER:.0%}){more}"
    )


@dataclass(frozen=True)
class Request:
    """A new run as it was asked for.

    out: its folder, None for one below `results/`
    aa: the server whose twin is measured, `none` for no twin; None: the first that can have one
    until: how narrow the intervals shall become, as a fraction
    server_cpus, generator_cpus: in place of what the machine is split into
    proving: whether blocks are added until two servers are decided, within the suite's budget
    results: where its folder goes, without `out`
    base: the interpreter that others are compared with, empty: ours, or the first
    """

    suite: Suite
    outside: Outside = NOTHING
    out: Path | None = None
    aa: str | None = None
    until: float | None = None
    server_cpus: tuple[int, ...] = ()
    generator_cpus: tuple[int, ...] = ()
    proving: bool = False
    results: Path = RESULTS
    base: str = ""


def prepare(request: Request) -> Session:
    """Check everything that can be checked before a process starts.

    Raises:
        ConfigError, PlanError: what was asked for makes no sense or cannot be had here.
        StoreError: the folder is not empty, or cannot be read
    """
    suite = request.suite
    points = workloads.workloads(suite.workloads)
    choice = choose(suite.servers, request.outside, points)
    catalog.check_base(request.base, choice.specs.values())
    specs = with_twin(list(choice.specs.values()), request.aa)
    workloads.check_axes(points, specs)
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
    workloads.check_cpus(points, len(cpus.server))
    preflight.check(measured(specs, cells), cpus.pool_size, len(cpus.server))
    times_s = (suite.duration_s, suite.warmup_s, suite.drain_s)
    conditions = trials.Conditions(cpus, cpus.pool_size, *times_s, suite.seed)
    budget_s = _budget_s(request, len(cells) * conditions.mean_trial_s(cells))
    plan = RunPlan(cells, suite.trials, suite.seed, 0, request.until, budget_s, request.proving)
    if request.out is not None:
        run_folder.check_new(request.out)
    need = Need.of(cells, suite.trials, conditions.load_s)
    need.check(request.out or request.results, suite.trials * len(cells))
    folder = request.out or new_folder(suite.name, request.results)
    skipped = (*choice.skipped, *workloads.unserved(choice.specs.values(), points))
    return Session(suite.name, specs, skipped, plan, conditions, folder, base=request.base)


def _budget_s(request: Request, block_s: float) -> float:
    """Return the time limit of a run for its blocks beside the planned ones; block_s: of each."""
    if request.suite.budget_s is not None:
        return request.suite.budget_s
    extra = levels.EXTRA if request.until is None else levels.EXTRA_UNTIL
    return extra * request.suite.trials * block_s


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


def new_folder(name: str, results: Path = RESULTS) -> Path:
    """Make a folder for a run, named by time and suite; raises StoreError.

    It is made here: another run may begin in the same second.
    """
    stamp = f"{dt.datetime.now(dt.UTC):%Y%m%d-%H%M%S}-{name}"
    for number in itertools.count(1):
        folder = results / (stamp if number == 1 else f"{stamp}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise StoreError(f"{in_words(error)}; choose another place (--out)") from None
        return folder
    raise AssertionError("numbers end")
