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


class Moment(StrEnum):
    """When others are told to look: the edges of the window, and the end of the drain."""

    OPEN = "open"
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
