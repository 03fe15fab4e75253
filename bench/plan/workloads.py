"""The axes, and the cells that they span: tables of axes become workloads, servers join them."""

import itertools
import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from bench.base import wording
from bench.model.server import NATIVE, ServerSpec
from bench.model.trial import TWIN, Cell, Workload
from bench.model.work import NONE, Work, microseconds
from loadgen.plan import Load, PlanError
from servers.api import CHUNK
from servers.terms import TRANSPORTS
from servers.work import MARK_END, ON_CPU

# The axes of a workload, and how a point of one is written in a workload's name.
AXES = {
    "transport": "{}",
    "connections": "{}",
    "payload": "{}B",
    "requests_per_connection": "{}rpc",
    "depth": "depth{}",
    "think_us": "{}us",
    "rate": "{}rps",
    "arrivals": "{}",
    "assignment": "{}",
    "max_in_flight": "max{}",
    "idle": "{}idle",
    "pool_size": "pool{}",
    "cpus": "{}cpus",
    "generator_wait": "{}",
    "work": "{}",
    "hog": "hog-{}",
    "switch_interval": "switch-{}",
}
# Axes whose values are words.
WORDS = ("transport", "arrivals", "assignment", "generator_wait", "work", "hog", "switch_interval")
POOL_MOST, CPUS_MOST = 10_000, 10_000
SWITCH_MOST_US = 1e7
# Chosen: with a second each, three hours for one server and one block.
POINTS_MOST = 10_000
KEPT = ("kept", 0)
# The rate that every server of a run can carry: found when it starts.
COMMON = "common"


def workloads(tables: dict[str, dict[str, list[Any]]]) -> list[Workload]:
    """Return every point of every table of axes; equal points collapse into the first.

    A point is named after its table, and after its values on the axes that have several.

    Raises:
        PlanError: a value makes no sense on its axis; with the workload's name.
    """
    asked = sum(math.prod(map(len, axes.values())) for axes in tables.values())
    if asked > POINTS_MOST:
        raise PlanError(
            f"the axes span {asked:,} workloads: ask for {POINTS_MOST:,} at most, with fewer values"
        )
    points: dict[Workload, None] = {}
    for table, axes in tables.items():
        several = [axis for axis, values in axes.items() if len(values) > 1]
        for values in itertools.product(*axes.values()):
            point = dict(zip(axes, values, strict=True))
            suffix = "-".join(AXES[axis].format(point[axis]) for axis in several)
            name = f"{table}-{suffix}" if suffix else table
            try:
                points.setdefault(_workload(name, point))
            except PlanError as error:
                raise PlanError(f"workload {table}: {error}") from None
    return list(points)


def _workload(name: str, point: dict[str, Any]) -> Workload:
    point = dict(point)
    transport = point.pop("transport", "tcp")
    if transport not in TRANSPORTS:
        raise PlanError(f"transport {transport!r}: choose from {', '.join(TRANSPORTS)}")
    if point.get("requests_per_connection") in KEPT:
        del point["requests_per_connection"]
    if "payload" in point:
        point["payload_bytes"] = point.pop("payload")
    if "generator_wait" in point:
        point["wait"] = point.pop("generator_wait")
    pool_size = point.pop("pool_size", None)
    if pool_size is not None and not 1 <= pool_size <= POOL_MOST:
        raise PlanError(f"pool_size {pool_size}: give a whole number from 1 to {POOL_MOST}")
    cpus = point.pop("cpus", None)
    if cpus is not None and not 1 <= cpus <= CPUS_MOST:
        raise PlanError(f"cpus {cpus}: give a whole number of CPUs, from 1 on")
    if common_rate := point.get("rate") == COMMON:
        del point["rate"]
    inside = _inside(point)
    load = Load(**point)
    if inside["work"] is not None:
        check_work(transport, load)
    if transport == "udp":
        _check_datagrams(load)
    return Workload(name, transport, load, pool_size, common_rate, **inside, cpus=cpus)


def _check_datagrams(load: Load) -> None:
    """Refuse what only connections have; raises PlanError."""
    if load.requests_per_connection is not None:
        raise PlanError("UDP has no connections to renew: drop requests_per_connection")
    if load.idle:
        raise PlanError("UDP has no connections that could be idle: drop idle")


def _inside(point: dict[str, Any]) -> dict[str, Any]:
    """Take what a server is told beside its load out of a point; raises PlanError."""
    try:
        work = Work.parse(point.pop("work", NONE))
    except ValueError as error:
        raise PlanError(str(error)) from None
    hog, interval = point.pop("hog", NONE), point.pop("switch_interval", None)
    if hog != NONE and hog not in ON_CPU:
        raise PlanError(f"hog {hog!r}: choose from {NONE}, {', '.join(ON_CPU)}")
    us = None if interval is None else microseconds(interval)
    if us is not None and not 1 <= us <= SWITCH_MOST_US:
        raise PlanError(f"switch interval {interval!r}: give a time from 1us to 10s, such as 0.5ms")
    return {"work": work, "hog": None if hog == NONE else hog, "switch_interval_us": us}


def check_work(transport: str, load: Load) -> None:
    """Refuse a load under which a server cannot tell which request asks for work.

    Raises:
        PlanError: what does not fit, and what would
    """
    if transport == "udp":
        raise PlanError(
            "work belongs to streams: datagrams that wait for it are dropped by the kernel, and "
            "not answered late; drop udp, or the work"
        )
    if not MARK_END <= load.payload_bytes <= CHUNK:
        raise PlanError(
            f"payload {load.payload_bytes}: with work give {MARK_END} bytes at least, which carry "
            f"its mark, and {CHUNK} at most, which a server receives in one piece"
        )
    if load.depth > 1:
        raise PlanError(f"depth {load.depth}: with work one request is in flight on a connection")


def unsuited(spec: ServerSpec, workload: Workload) -> str:
    """Return why a server cannot be asked what a workload asks for, or nothing."""
    if spec.command is not None and workload.inside:
        return "a foreign command cannot be told of work, hog or switch interval"
    if spec.variant is not None and workload.work and workload.work.kind in spec.variant.cannot:
        return f"this server cannot do work of the kind {workload.work.kind}"
    return ""


def check_axes(points: Iterable[Workload], servers: Iterable[ServerSpec]) -> None:
    """Refuse an axis that nothing in the run listens to; raises PlanError.

    What would be ignored in silence is a mistake of who asked for it.
    """
    points = list(points)
    plain = Load()
    offered = any(point.load.rate is not None or point.common_rate for point in points)
    for axis in ("arrivals", "assignment"):
        if not offered and any(getattr(p.load, axis) != getattr(plain, axis) for p in points):
            raise PlanError(f"{axis}: belongs to open loop, and no workload has a rate; give one")
    pools = any(spec.variant is not None and spec.variant.has_pool for spec in servers)
    if not pools and any(point.pool_size is not None for point in points):
        raise PlanError("pool size: none of the servers has a pool; drop it, or name one that has")


def check_cpus(points: Iterable[Workload], there: int) -> None:
    """Refuse more CPUs of the server than its side has; raises PlanError."""
    most = max((point.cpus or 0 for point in points), default=0)
    if most > there:
        raise PlanError(
            f"cpus {most}: the server's side has {wording.count(there, 'CPU', 'CPUs')} here; name "
            "more by --server-cpus"
        )


def unserved(servers: Iterable[ServerSpec], points: Iterable[Workload]) -> list[str]:
    """Return why servers that are no variants are left out of some transports, a line for each."""
    transports = list(dict.fromkeys(point.transport for point in points))
    lines = []
    for spec in servers:
        lacking = [each for each in transports if not spec.serves(each)]
        if spec.command is not None and lacking:
            word = "{path}" if lacking == ["unix"] else "{port}"
            why = "it serves tcp alone" if spec.family == NATIVE else f"its command has no {word}"
            lines.append(f"{spec.name} over {', '.join(lacking)}: {why}")
    return lines


def cells(servers: list[ServerSpec], points: Iterable[Workload]) -> tuple[Cell, ...]:
    """Return each server under each workload whose transport it serves."""
    return tuple(
        Cell(spec.name, workload)
        for workload in points
        for spec in servers
        if spec.serves(workload.transport)
    )


def twin(servers: list[ServerSpec], name: str | None) -> list[ServerSpec]:
    """Return the servers with the twin of one: `name`, or the first that serves all clients."""
    if name == "none":
        return servers
    unlimited = [s for s in servers if s.variant is None or s.variant.max_clients is None]
    chosen = next((s for s in servers if s.name == name), (unlimited or servers)[0])
    return [*servers, replace(chosen, name=chosen.name + TWIN)]
