"""What a check takes and what it returns."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Terms:
    """What a cell was measured under.

    server_cpus: how many CPUs the server's processes could use
    shared: whether one CPU served both sides, so that neither could wait for the other alone
    clients_at_once: how many clients the model says that it can serve, None: any number
    """

    server_cpus: int
    clients_at_once: int | None = None
    shared: bool = False


@dataclass(frozen=True)
class Finding:
    """Why a check applies to a trial: the reason in words and the numbers that led to it."""

    reason: str
    facts: dict[str, Any]
