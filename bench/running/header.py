"""What `run.json` holds: enough to run it again, and to know whether another run is comparable."""

import datetime as dt
import platform
import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.base.errors import ConfigError
from bench.host import machine
from bench.model.server import ROOT, ServerSpec
from bench.plan import catalog
from bench.running.prepare import Session
from servers import terms


def of(session: Session) -> dict[str, Any]:
    """Return what `run.json` holds: enough to run it again."""
    conditions, made = session.conditions, session.plan
    return {
        "run_id": session.folder.name,
        "created_at": now(),
        "command": ["bench", *sys.argv[1:]],
        "seed": conditions.seed,
        "order": [made.order(block) for block in session.blocks],
        "config": {
            "suite": session.name,
            "servers": [describe(spec) for spec in session.specs],
            "workloads": [asdict(each) for each in dict.fromkeys(c.workload for c in made.cells)],
            "duration_s": conditions.duration_s,
            "warmup_s": conditions.warmup_s,
            "drain_s": conditions.drain_s,
            "trials": made.first + made.blocks,
            "until": made.until,
            "budget_s": made.budget_s,
            "pool_size": conditions.pool_size,
            "generator_wait": "sleep" if conditions.cpus.shared else "spin",
        },
        "skipped": session.skipped,
        "cells": [asdict(cell) for cell in made.cells],
        "cpus": asdict(conditions.cpus) | {"shared": conditions.cpus.shared},
        "terms": terms.describe(),
        "machine": machine.describe(),
        "versions": machine.versions(),
        "commit": machine.commit(ROOT),
    }


def now() -> str:
    """Return the time as it stands in headers."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def describe(spec: ServerSpec) -> dict[str, Any]:
    """Return what a report needs to know of a server, and what starts it again."""
    variant = spec.variant
    return {
        "name": spec.name,
        "family": spec.family,
        "kind": variant.kind if variant else "any",
        "summary": variant.summary if variant else "brought from outside",
        "source": spec.source,
        "command": command(spec),
        "loop": asdict(spec.loop) if spec.loop else None,
        "python": python(spec),
        "python_words": spec.python.words if spec.python else None,
        "packages": packages(spec),
        "max_clients": variant.max_clients if variant else None,
        "many_cpus": spec.many_cpus,
        "own_listeners": spec.own_listeners,
    }


def command(spec: ServerSpec) -> str | None:
    """Return the command line that starts a foreign server again; None for the others."""
    if spec.command is None or spec.family == catalog.NATIVE_NAME:
        return None
    return shlex.join(spec.command.words)


def python(spec: ServerSpec) -> str | None:
    """Return the interpreter that a server runs under; None for a foreign command."""
    if spec.command is not None:
        return None
    ours = f"{platform.python_implementation()} {platform.python_version()}"
    return str(spec.python) if spec.python else ours


def packages(spec: ServerSpec) -> dict[str, str]:
    """Return the versions of the packages that a server needs."""
    names = spec.variant.requires if spec.variant else ()
    if spec.python is not None:
        return {name: spec.python.packages[name] for name in names}
    return {name: machine.version(name) for name in names}


# What must be the same for trials to stand in one run.
SAME = (
    *("machine.cpu_model", "machine.kernel", "machine.usable_cpus", "machine.clock_source"),
    "versions",
)


def check_same(folder: Path, old: dict[str, Any]) -> None:
    """Refuse to go on with a run of another machine or other versions; raises ConfigError."""
    if old["config"].get("generator_wait") == "sleep" and not old["cpus"]["shared"]:
        raise ConfigError(
            f"{folder}: was measured with a generator that sleeps, by an earlier version; "
            "start a new run"
        )
    here = {"machine": machine.describe(), "versions": machine.versions()}
    for name in SAME:
        part, _, key = name.partition(".")
        was, is_now = (each[part].get(key) if key else each[part] for each in (old, here))
        if was != is_now:
            raise ConfigError(
                f"{folder}: was measured with another {name.replace('.', ' ')} ({was}, here "
                f"{is_now}); start a new run"
            )
