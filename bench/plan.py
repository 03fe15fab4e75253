"""What is measured, in which order: decided before anything starts, from values alone."""

import itertools
import random
from dataclasses import dataclass
from typing import Any

from bench.records import Cell, Workload
from bench.spec import ServerSpec
from loadgen.plan import Load, PlanError
from servers.terms import TRANSPORTS

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
    "max_in_flight": "max{}",
    "idle": "{}idle",
}
KEPT = ("kept", 0)


@dataclass(frozen=True)
class Plan:
    """The cells of a run and the order of each block, as indexes of cells."""

    cells: tuple[Cell, ...]
    order: tuple[tuple[int, ...], ...]


def workloads(tables: dict[str, dict[str, list[Any]]]) -> list[Workload]:
    """Return every point of every table of axes; equal points collapse into the first.

    A point is named after its table, and after its values on the axes that have several.

    Raises:
        PlanError: a value makes no sense on its axis; with the workload's name.
    """
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
    load = Load(**point)
    if transport == "udp" and load.requests_per_connection is not None:
        raise PlanError("UDP has no connections to renew: drop requests_per_connection")
    return Workload(name, transport, load)


def cells(servers: list[ServerSpec], points: list[Workload]) -> tuple[Cell, ...]:
    """Return each server under each workload whose transport it serves."""
    return tuple(
        Cell(spec.name, workload)
        for workload in points
        for spec in servers
        if spec.serves(workload.transport)
    )


def order(count: int, blocks: int, seed: int) -> tuple[tuple[int, ...], ...]:
    """Return, for each block, every cell once in an order shuffled with the seed.

    Interleaving keeps a slow drift of the machine from reading as a difference between servers.
    """
    shuffle = random.Random(seed)
    return tuple(tuple(shuffle.sample(range(count), count)) for _ in range(blocks))
