"""What a check takes and what it returns."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Terms:
    """What a cell was measured under.

    server_cpus: how many CPUs the server's processes could use
    clients_at_once: how many clients the model says that it can serve, None: any number
    shared: whether one CPU served both sides, so that neither could wait for the other alone
    own_listeners: whether each worker listens by itself, and the kernel deals out connections
    nodelay: whether the house turned Nagle's algorithm off; not on the sockets of a foreign command
    """

    server_cpus: int
    clients_at_once: int | None = None
    shared: bool = False
    own_listeners: bool = False
    nodelay: bool = False


@dataclass(frozen=True)
class Finding:
    """Why a check applies to a trial: the reason in words and the numbers that led to it.

    remedy: what to do about it, a sentence, where it is known better than by the check's own
    """

    reason: str
    facts: dict[str, Any]
    remedy: str = ""
