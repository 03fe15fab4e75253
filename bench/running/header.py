"""The header of a run: made when it starts, renewed when it goes on."""

import datetime as dt
import shlex
import sys
from dataclasses import replace
from pathlib import Path

from bench.base import wording
from bench.base.errors import ConfigError
from bench.host import machine
from bench.model.calibration import Calibration
from bench.model.header import SCHEMA, Config, Header, ServerEntry
from bench.model.server import ROOT, ServerSpec
from bench.plan import catalog
from bench.running.prepare import Session
from bench.store import identity, sources
from loadgen.result import Wait
from loadgen.version import version
from servers import terms


def of(session: Session) -> Header:
    """Return the header of a run that is about to start."""
    conditions, plan = session.conditions, session.plan
    return Header(
        run_id=wording.printable(session.folder.name),
        created_at=now(),
        command=("bench", *sys.argv[1:]),
        seed=conditions.seed,
        order=tuple(plan.order(block) for block in session.blocks),
        config=config(session),
        skipped=session.skipped,
        cells=plan.cells,
        cpus=conditions.cpus,
        terms=terms.describe(),
        machine=machine.describe(),
        versions=machine.versions(),
        version=version(),
        commit=machine.commit(ROOT),
        calibration=session.calibration,
    )


def config(session: Session) -> Config:
    """Return what was asked for, as it is going to be measured."""
    conditions, plan = session.conditions, session.plan
    return Config(
        suite=session.name,
        servers=tuple(describe(spec) for spec in session.specs),
        workloads=tuple(dict.fromkeys(cell.workload for cell in plan.cells)),
        duration_s=conditions.duration_s,
        warmup_s=conditions.warmup_s,
        drain_s=conditions.drain_s,
        trials=plan.first + plan.blocks,
        until=plan.until,
        budget_s=plan.budget_s,
        pool_size=conditions.pool_size,
        generator_wait=Wait.SLEEP if conditions.cpus.shared else Wait.SPIN,
        base=session.base,
        slo=session.slo,
    )


def going_on(session: Session, old: Header) -> Header:
    """Return the header of a run that goes on: it is not at its end any more."""
    earlier = replace(session.plan, cells=old.cells)
    listed = old.order[: session.plan.first]
    # Of blocks that were added until intervals were narrow, a killed run has no order on record.
    listed += tuple(earlier.order(block) for block in range(len(listed), session.plan.first))
    return replace(
        old,
        schema=SCHEMA,
        config=config(session),
        cells=session.plan.cells,
        order=listed + tuple(session.plan.order(block) for block in session.blocks),
        finished_at=None,
        complete=None,
        calibration=replace(old.calibration or Calibration(), amounts=session.conditions.amounts),
        # One that was killed had no end, and no report to look at.
        looks=old.looks + (old.finished_at is not None),
    )


def now() -> str:
    """Return the time as it stands in headers."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def describe(spec: ServerSpec) -> ServerEntry:
    """Return what a report needs to know of a server, and what starts it again."""
    variant = spec.variant
    return ServerEntry(
        name=spec.name,
        family=spec.family,
        kind=variant.kind if variant else "any",
        summary=variant.summary if variant else "external command",
        source=spec.source,
        command=command(spec),
        loop=spec.loop,
        python=python(spec),
        python_words=spec.python.words if spec.python else None,
        packages=packages(spec),
        max_clients=variant.max_clients if variant else None,
        many_cpus=spec.many_cpus,
        many_threads=spec.many_threads,
        own_listeners=spec.own_listeners,
        sources=tuple(each.source for each in sources.collect(spec)),
        files=identity.files(spec),
        gil=None if spec.command is not None else spec.runtime.gil,
        jit=None if spec.command is not None else spec.runtime.jit,
    )


def command(spec: ServerSpec) -> str | None:
    """Return the command line that starts a foreign server again; None for the others."""
    if spec.command is None or spec.family == catalog.NATIVE_NAME:
        return None
    return shlex.join(spec.command.words)


def python(spec: ServerSpec) -> str | None:
    """Return the interpreter that a server runs under; None for a foreign command."""
    return None if spec.command is not None else str(spec.runtime)


def packages(spec: ServerSpec) -> dict[str, str]:
    """Return the versions of the packages that a server needs."""
    names = [*(spec.variant.requires if spec.variant else ()), *spec.loop_packages]
    if spec.python is not None:
        theirs = spec.python.packages
        return {name: theirs[name] for name in names if name in theirs}
    return {name: machine.version(name) for name in names}


# What must be the same for trials to stand in one run.
SAME = ("cpu_model", "kernel", "usable_cpus", "clock_source", "cores")


def check_same(folder: Path, old: Header) -> None:
    """Refuse to go on with a run of another machine or other versions; raises ConfigError."""
    shared = old.cpus is not None and old.cpus.shared
    if old.config.generator_wait is Wait.SLEEP and not shared:
        raise ConfigError(
            f"{folder}: was measured with a generator that sleeps, by an earlier version; "
            "start a new run"
        )
    here, there = dict(machine.describe()), dict(old.machine)
    pairs = [(f"machine {name}", there.get(name), here.get(name)) for name in SAME]
    pairs.append(("versions", old.versions, machine.versions()))
    if old.version is not None:  # runs of before 0.2 do not say
        pairs.append(("version of this project", old.version, version()))
    for what, was, is_now in pairs:
        if was != is_now:
            raise ConfigError(
                f"{folder}: was measured with another {what} ({was}, here {is_now}); "
                "start a new run"
            )
