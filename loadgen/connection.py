"""One place in a load over streams, and the states that its connection goes through.

    DEAD ─ dial ─▶ DIALLING ─ connected ─▶ TALKING ─ last reply ─▶ HANGING_UP
      ▲               │                       │                         │
      └── refused ────┘    broken, wrong ─────┴──── the server's end ───┘

A place that is DEAD has no socket. In churn it is dialled again, unless it failed too often.
"""

import select
import socket
from enum import StrEnum

READ = select.EPOLLIN
WRITE = select.EPOLLOUT
# What a large payload may need in one receive; small ones are asked for one byte too many, so that
# a surplus is seen and no large buffer is allocated for a small reply.
RECEIVE_MAX = 256 * 1024
# A connection that fails this often in a row is given up: its server is gone.
FAILURES_MAX = 3
# Nothing is measured to the microsecond any more, and a server that shares the CPU may work.
DRAIN_POLL_S = 0.005


class State(StrEnum):
    """Where a connection is in its life; see above for what follows what."""

    DIALLING = "dialling"
    TALKING = "talking"
    HANGING_UP = "hanging up"
    DEAD = "dead"


DIALLING, TALKING = State.DIALLING, State.TALKING
HANGING_UP, DEAD = State.HANGING_UP, State.DEAD


class Connection:
    """One place in the load; its socket changes in churn, its number (`slot`) does not.

    sock: of a place that is not DEAD
    """

    __slots__ = ("failures", "fd", "got", "left", "since_ns", "slot", "sock", "state", "unsent")

    sock: socket.SocketType

    def __init__(self, slot: int) -> None:
        """Be a place without a socket."""
        self.slot = slot
        self.fd = -1
        self.state = DEAD
        self.got = 0  # bytes of the current reply that have come
        self.left = 0  # requests until it hangs up; negative is never
        self.unsent: memoryview | None = None
        self.since_ns = 0  # when it was dialled
        self.failures = 0
