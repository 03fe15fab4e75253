"""Whether two runs can be compared: what must be equal of machines and settings."""

from collections.abc import Sequence
from typing import Any

from bench.base.errors import ConfigError
from bench.model.header import Header
from bench.model.trial import Cell

# What must be equal, or the ratio is one of machines or settings; a seed, the number of trials,
# the servers and the commit may differ. Paths into the header, and the words for a reader.
SAME = (
    (("machine", "cpu_model"), "CPU model"),
    (("machine", "architecture"), "architecture"),
    (("machine", "cpus"), "number of CPUs"),
    (("machine", "kernel"), "kernel"),
    (("machine", "governor"), "governor"),
    (("machine", "clock_source"), "clock source"),
    (("machine", "cores"), "speed of the cores"),
    (("versions", "implementation"), "interpreter"),
    (("versions", "python"), "Python"),
    (("cpus", "server"), "CPUs of the server"),
    (("cpus", "generator"), "CPUs of the generator"),
    (("config", "duration_s"), "duration"),
    (("config", "warmup_s"), "warm-up"),
    (("config", "drain_s"), "drain"),
    (("config", "pool_size"), "pool size"),
    (("config", "generator_wait"), "how the generator waits"),
    (("terms", "TCP_NODELAY"), "TCP_NODELAY"),
    (("terms", "congestion control"), "congestion control"),
    (("terms", "backlog"), "backlog"),
    (("terms", "socket buffers"), "socket buffers"),
)
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

    What is unknown in both is not equal: nobody knows that it is.
    """
    unequal = []
    for (part, name), words_for in SAME:
        first, second = (_value(_at(header, part, name)) for header in (header_a, header_b))
        if first != second:
            unequal.append(f"{words_for} ({first} and {second})")
        elif first == UNKNOWN:
            unequal.append(f"{words_for} (unknown in both)")
    return unequal


def _at(header: Header, part: str, name: str) -> Any:
    """Return a value of a header's part, be that one of its own or a table; None without."""
    of = getattr(header, part)
    return of.get(name) if isinstance(of, dict) else getattr(of, name, None)


def _value(value: Any) -> str:
    # Of CPUs their number counts, not which of a machine they are.
    if isinstance(value, list | tuple):
        return str(len(value))
    # What stands behind a semicolon explains the value.
    if isinstance(value, dict):
        # Of cores those speeds count that there are, not which core has which; the kernel tells of
        # them where they differ.
        return ", ".join(sorted({str(of or "alike") for of in value.values()})) or UNKNOWN
    return UNKNOWN if value is None else str(value).partition(";")[0]
