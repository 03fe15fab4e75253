"""A run that goes on: the rest of one that was interrupted, or more blocks, or more servers."""

import itertools
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.base.errors import ConfigError, StoreError
from bench.model.header import Header
from bench.model.run import Run
from bench.model.server import ServerSpec
from bench.model.trial import Cell
from bench.plan import workloads
from bench.plan.blocks import RunPlan
from bench.plan.catalog import Outside
from bench.plan.restore import restore
from bench.running import header, preflight, trials
from bench.running.prepare import NOTHING, Session, choose, measured
from bench.store import identity, run_folder
from bench.store.room import Need


@dataclass(frozen=True)
class Continuation:
    """A run that is to go on.

    blocks: how many more; None: the rest of what was planned
    servers, outside: to be added, as on the command line
    """

    folder: Path
    blocks: int | None = None
    servers: tuple[str, ...] = ()
    outside: Outside = NOTHING


def reopen(request: Continuation) -> Session:
    """Return a run that goes on; the blocks that are added hold all servers, the new ones included.

    Raises:
        StoreError: there is no such run
        ConfigError: another machine, other versions, a server that is not there any more, or an
            interpreter without a server to run.
    """
    if request.outside.pythons and not request.servers:
        raise ConfigError("--add: name what --python shall run, such as --servers NAME:blocking")
    run = run_folder.read(request.folder)
    old, config = run.header, run.header.config
    conditions = conditions_of(old)
    header.check_same(request.folder, old)
    specs = [restore(entry) for entry in config.servers]
    for entry, spec in zip(config.servers, specs, strict=True):
        identity.check(request.folder, entry, header.describe(spec))
    if request.servers or request.outside != NOTHING:
        added = choose(request.servers, request.outside, config.workloads).specs.values()
        check_pythons(request.folder, specs, added)
        specs += [spec for spec in added if spec.name not in {s.name for s in specs}]
    cells = old.cells
    cells += tuple(
        cell for cell in workloads.cells(specs, config.workloads) if cell not in old.cells
    )
    preflight.check(measured(specs, cells), conditions.pool_size, len(conditions.cpus.server))
    if request.blocks is None:
        first = whole_blocks(run)
        blocks = max(0, config.trials - first)
    else:
        first, blocks = next_number(run), request.blocks
    Need.of(cells, config.trials + blocks, conditions.load_s).check(
        request.folder, blocks * len(cells)
    )
    plan = RunPlan(cells, blocks, old.seed, first, config.until, config.budget_s)
    return Session(
        *(config.suite, specs, (), plan, conditions, request.folder),
        goes_on=True,
        base=config.base,
    )


def check_pythons(folder: Path, old: Iterable[ServerSpec], added: Iterable[ServerSpec]) -> None:
    """Refuse another interpreter under a name that the run has for one; raises ConfigError."""
    known = {spec.python.name: spec.python for spec in old if spec.python}
    for python in (spec.python for spec in added if spec.python):
        there = known.get(python.name, python)
        if (there.words, there.runtime) != (python.words, python.runtime):
            raise ConfigError(
                f"{folder}: {python.name} is {there.runtime} there ({shlex.join(there.words)}), "
                f"not {python.runtime} ({shlex.join(python.words)}); give this one another name"
            )


def conditions_of(header: Header) -> trials.Conditions:
    """Return what the trials of an earlier run had in common; raises StoreError without it."""
    config, cpus = header.config, header.cpus
    if config.slo:
        raise StoreError(f"{header.run_id}: is a search, which begins anew: `bench capacity`")
    if cpus is None or config.pool_size is None or not header.cells:
        raise StoreError(
            f"{header.run_id}: does not say on which CPUs it was measured, or which cells; "
            "start a new run"
        )
    times_s = (config.duration_s, config.warmup_s, config.drain_s)
    amounts = header.calibration.amounts if header.calibration else ()
    return trials.Conditions(cpus, config.pool_size, *times_s, header.seed, amounts=amounts)


def whole_blocks(run: Run) -> int:
    """Return how many blocks, from the first on, have all the cells that were planned for them."""
    cells, orders = run.header.cells, run.header.order
    measured: dict[int, set[Cell]] = {}
    for trial in run.trials:
        measured.setdefault(trial.block, set()).add(trial.cell)

    def whole(block: int) -> bool:
        # Servers may have been added: earlier blocks were planned without them.
        planned = [cells[index] for index in orders[block]] if block < len(orders) else cells
        return measured.get(block, set()) >= set(planned)

    return sum(1 for _ in itertools.takewhile(whole, itertools.count()))


def next_number(run: Run) -> int:
    """Return the number of the first block that has not been begun."""
    return 1 + max((trial.block for trial in run.trials), default=-1)
