"""What one generator process hands over at its end, and when others looked meanwhile."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Part:
    """What one process saw: its facts, and the file with its columns of int64."""

    facts: dict[str, Any]
    path: Path


def with_held(part: Part, held: dict[str, Any]) -> Part:
    """Return what a process saw with what one beside it saw that holds idle connections."""
    facts = dict(part.facts)
    for name in ("not_connected", "errors", "mismatches"):
        facts[name] += held[name]
    facts["evidence"] = [*facts["evidence"], *held["evidence"]]
    facts["shortages"] = {
        name: facts["shortages"].get(name, 0) + held["shortages"].get(name, 0)
        for name in facts["shortages"] | held["shortages"]
    }
    facts["shortage"] = facts["shortage"] or held["shortage"]
    return Part(facts, part.path)


class Moment(StrEnum):
    """When others are told to look: the edges of the window, within it, the end of the drain."""

    OPEN = "open"
    WITHIN = "within"
    CLOSE = "close"
    DRAINED = "drained"


@dataclass(frozen=True)
class Looks:
    """When somebody read counters of their own at the edges of the window (monotonic clock, ns).

    own_cpu_s: what the process that read them used itself between the two
    """

    open_ns: int
    close_ns: int
    own_cpu_s: float
