"""One `bench run`: from the options to a run folder with its report."""

import datetime as dt
import itertools
import resource
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

import bench
from bench import catalog, machine, plan, runner, store
from bench.config import ConfigError, Suite
from bench.progress import Display
from bench.records import Workload
from bench.spec import ServerSpec
from loadgen.sockets import DESCRIPTORS_SPARE
from servers import terms

RESULTS = Path("results")
ROOT = Path(bench.__file__).parent.parent


@dataclass(frozen=True)
class Session:
    """A run that has been checked and can start."""

    suite: Suite
    specs: list[ServerSpec]
    skipped: tuple[str, ...]
    plan: plan.Plan
    conditions: runner.Conditions
    folder: Path


def prepare(suite: Suite, commands: list[str], out: Path | None) -> Session:
    """Check everything that can be checked before a process starts.

    Raises:
        ConfigError, PlanError: what was asked for makes no sense or cannot be had here.
    """
    known = catalog.read(commands)
    points = plan.workloads(suite.workloads)
    kinds = {terms.kind_of(point.transport) for point in points}
    choice = catalog.choose(known, list(suite.servers), kinds)
    specs = list(choice.specs.values())
    cells = plan.cells(specs, points)
    for spec in specs:
        if not any(cell.server == spec.name for cell in cells):
            raise ConfigError(f"server {spec.name}: serves none of the workloads' transports")
    check_descriptors(points)
    cpus = machine.cpus_for_run()
    conditions = runner.Conditions(
        cpus,
        suite.pool_size or cpus.pool_size,
        suite.duration_s,
        suite.warmup_s,
        suite.drain_s,
        suite.seed,
    )
    order = plan.order(len(cells), suite.trials, suite.seed)
    folder = out or new_folder(suite.name)
    return Session(suite, specs, choice.skipped, plan.Plan(cells, order), conditions, folder)


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


def header(session: Session) -> dict[str, Any]:
    """Return what `run.json` holds: enough to run it again."""
    conditions = session.conditions
    return {
        "run_id": session.folder.name,
        "created_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "command": ["bench", *sys.argv[1:]],
        "seed": conditions.seed,
        "order": session.plan.order,
        "config": {
            "suite": session.suite.name,
            "servers": [describe(spec, conditions.pool_size) for spec in session.specs],
            "workloads": workloads(session),
            "duration_s": conditions.duration_s,
            "warmup_s": conditions.warmup_s,
            "drain_s": conditions.drain_s,
            "trials": session.suite.trials,
            "pool_size": conditions.pool_size,
        },
        "skipped": session.skipped,
        "cells": [asdict(cell) for cell in session.plan.cells],
        "cpus": {
            "server": conditions.cpus.server,
            "generator": conditions.cpus.generator,
            "shared": conditions.cpus.shared,
        },
        "terms": terms.describe(),
        "machine": machine.describe(),
        "versions": machine.versions(),
        "commit": machine.commit(ROOT),
    }


def workloads(session: Session) -> list[dict[str, Any]]:
    """Return the workloads of the plan, each once."""
    return [asdict(point) for point in dict.fromkeys(c.workload for c in session.plan.cells)]


def describe(spec: ServerSpec, pool_size: int) -> dict[str, Any]:
    """Return what a report needs to know of a server."""
    variant = spec.variant
    return {
        "name": spec.name,
        "family": spec.family,
        "kind": variant.kind if variant else "any",
        "summary": variant.summary if variant else "a command from outside",
        "source": spec.source,
        "max_clients": variant.clients_at_once(pool_size) if variant else None,
    }


def measure(session: Session, console: Console, *, quiet: bool = False) -> bool:
    """Run the trials into the folder, and end it with a report; return whether all were run.

    What was measured before an interrupt is on disk and in the report.

    Raises:
        StoreError: the folder cannot be used.
        PlanError: a limit of this machine forbids a load.
    """
    folder, head = session.folder, header(session)
    store.create(folder, head)
    trials = sum(len(block) for block in session.plan.order)
    complete = False
    try:
        with Display(console, trials, quiet) as display:
            for trial in runner.run(session.plan, session.specs, session.conditions, folder):
                display.ended(trial)
        complete = True
    except KeyboardInterrupt:
        console.print("interrupted: writing the report of what was measured")
    store.finish(folder, head, dt.datetime.now(dt.UTC).isoformat(timespec="seconds"), complete)
    store.link_latest(folder)
    return complete
