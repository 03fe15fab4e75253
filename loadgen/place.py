"""Room for one connection of a load of churn at a time, and how far that one is."""

import socket

from loadgen.connection import DEAD, State


class Place:
    """Room for one connection at a time, and how far that one is."""

    __slots__ = (
        *("due_ns", "expected", "failures", "fd", "got", "left", "payload", "sent_ns"),
        *("since_ns", "slot", "sock", "state", "unsent"),
    )

    sock: socket.SocketType  # of a place that is not DEAD

    def __init__(self, slot: int) -> None:
        """Be free."""
        self.slot = slot
        self.state: State = DEAD
        self.fd = -1
        self.left = 0  # requests until it hangs up
        # What comes next if all is well: a whole reply, or the end (b""); None to look closely.
        self.expected: bytes | None = None
        self.payload = b""
        self.got = 0  # bytes of the current reply that have come
        self.unsent: memoryview | None = None
        self.due_ns = self.sent_ns = self.since_ns = 0
        self.failures = 0  # connections in a row that came to nothing
