"""Whether two runs can be compared: what must be equal of machines and settings."""

from collections.abc import Callable, Sequence
from typing import Any

from bench.base.errors import ConfigError
from bench.model.header import Header
from bench.model.trial import Cell

UNKNOWN = "unknown"


def check(names: tuple[str, str], unequal: Sequence[str], shared: Sequence[Cell]) -> None:
    """Refuse runs that cannot be compared; raises ConfigError."""
    if unequal:
        raise ConfigError(
            f"compare: {names[0]} and {names[1]} differ in {'; '.join(unequal)}; "
            "measure again on equal terms, or --force it"
        )
    if not shared:
        raise ConfigError(
            f"compare: {names[0]} and {names[1]} have no server and workload in common"
        )


def differing(header_a: Header, header_b: Header) -> list[str]:
    """Return what must be equal and is not: `kernel (6.1 and 6.8)`.

    What is unknown in both is not equal: nobody knows that it is. What neither could record, being
    of an earlier schema, is no difference: see `unrecorded`.
    """
    unequal = []
    for words, fact, since in SAME:
        first, second = fact(header_a), fact(header_b)
        if first != second:
            unequal.append(f"{words} ({first} and {second})")
        elif first == UNKNOWN and not _before(since, header_a, header_b):
            unequal.append(f"{words} (unknown in both)")
    return unequal


def unrecorded(header_a: Header, header_b: Header) -> list[str]:
    """Return what must be equal, and neither run could record, being of an earlier schema."""
    return [
        words
        for words, fact, since in SAME
        if _before(since, header_a, header_b)
        and fact(header_a) == UNKNOWN
        and fact(header_b) == UNKNOWN
    ]


def _before(since: int, *headers: Header) -> bool:
    return all(header.schema < since for header in headers)


def _of(part: str, name: str) -> Callable[[Header], str]:
    """Return what reads a value of a header's part, be that an object or a table."""

    def fact(header: Header) -> str:
        of = getattr(header, part)
        return _value(of.get(name) if isinstance(of, dict) else getattr(of, name, None))

    return fact


def _value(value: Any) -> str:
    # Of CPUs their number counts, not which of a machine they are.
    if isinstance(value, list | tuple):
        return str(len(value))
    # What stands behind a semicolon explains the value.
    return UNKNOWN if value is None else str(value).partition(";")[0]


def _cores(header: Header) -> str:
    """Return how fast the cores in use can be, by side: `server 1024, 1024, generator 446`.

    Those that there are do not matter, nor which is which; a kernel where all are alike tells of
    none.
    """
    cores, cpus = header.machine.get("cores"), header.cpus
    if not cores or cpus is None:
        return UNKNOWN
    sides = {side: [cores.get(str(cpu)) for cpu in of_side] for side, of_side in cpus.sides.items()}
    if all(speed is None for of_side in sides.values() for speed in of_side):
        return "alike"
    shown = {
        side: ", ".join(sorted("alike" if speed is None else str(speed) for speed in of_side))
        for side, of_side in sides.items()
    }
    return ", ".join(f"{side} {speeds}" for side, speeds in shown.items())


# What must be equal, or the ratio is one of machines or settings; a seed, the number of trials,
# the servers and the commit may differ. The words for a reader, the fact, and the first schema of
# a version that recorded it.
SAME = (
    ("CPU model", _of("machine", "cpu_model"), 1),
    ("architecture", _of("machine", "architecture"), 1),
    ("number of CPUs", _of("machine", "cpus"), 1),
    ("kernel", _of("machine", "kernel"), 1),
    ("governor", _of("machine", "governor"), 1),
    ("clock source", _of("machine", "clock_source"), 3),
    ("speed of the cores in use", _cores, 3),
    ("interpreter", _of("versions", "implementation"), 1),
    ("Python", _of("versions", "python"), 1),
    ("CPUs of the server", _of("cpus", "server"), 1),
    ("CPUs of the generator", _of("cpus", "generator"), 1),
    ("duration", _of("config", "duration_s"), 1),
    ("warm-up", _of("config", "warmup_s"), 1),
    ("drain", _of("config", "drain_s"), 1),
    ("pool size", _of("config", "pool_size"), 1),
    ("how the generator waits", _of("config", "generator_wait"), 3),
    ("TCP_NODELAY", _of("terms", "TCP_NODELAY"), 1),
    ("congestion control", _of("terms", "congestion control"), 1),
    ("backlog", _of("terms", "backlog"), 1),
    ("socket buffers", _of("terms", "socket buffers"), 1),
)
