"""A run that goes on: the rest of one that was interrupted, or more blocks, or more servers."""

import itertools
from pathlib import Path

from bench.base.errors import ConfigError
from bench.model.cpus import Cpus
from bench.model.run import Run
from bench.model.trial import Cell, Workload
from bench.plan import catalog, workloads
from bench.plan.blocks import Plan
from bench.plan.catalog import Outside
from bench.running import header, preflight, trials
from bench.running.prepare import Session, choose, measured
from bench.store import run_folder


def reopen(folder: Path, blocks: int | None, servers: tuple[str, ...], outside: Outside) -> Session:
    """Return a run that goes on: with `blocks` None the rest of it, else so many new blocks.

    The blocks that are added hold all servers, the ones that are added included.

    Raises:
        StoreError: there is no such run
        ConfigError: another machine, other versions, a server that is not there any more, or an
            interpreter without a server to run.
    """
    if outside.pythons and not servers:
        raise ConfigError("--add: name what --python shall run, such as --servers NAME:blocking")
    run = run_folder.read(folder)
    old = run.header
    header.check_same(folder, old)
    config = old["config"]
    points = [Workload.from_json(fields) for fields in config["workloads"]]
    specs = [catalog.again(fields) for fields in config["servers"]]
    if servers or outside != Outside():
        added = choose(servers, outside, points).specs.values()
        specs += [spec for spec in added if spec.name not in {s.name for s in specs}]
    cells = tuple(Cell.from_json(fields) for fields in old["cells"])
    cells += tuple(cell for cell in workloads.cells(specs, points) if cell not in cells)
    first = whole_blocks(run) if blocks is None else next_number(run)
    left = max(0, config["trials"] - first) if blocks is None else blocks
    times = (config["duration_s"], config["warmup_s"], config["drain_s"])
    sides = old["cpus"]
    cpus = Cpus(tuple(sides["server"]), tuple(sides["generator"]), sides.get("single"))
    preflight.check(measured(specs, cells), config["pool_size"], len(cpus.server))
    conditions = trials.Conditions(cpus, config["pool_size"], *times, old["seed"])
    made = Plan(cells, left, old["seed"], first, config["until"], config["budget_s"])
    return Session(config["suite"], specs, (), made, conditions, folder, goes_on=True)


def whole_blocks(run: Run) -> int:
    """Return how many blocks, from the first on, have all the cells that were planned for them."""
    cells = [Cell.from_json(fields) for fields in run.header["cells"]]
    orders = run.header["order"]
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
