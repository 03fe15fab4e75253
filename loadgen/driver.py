"""What every driver of a load has in common: its phases, its clock and calls, and what it notes."""

import errno
import os
import select
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from loadgen.payload import describe
from loadgen.recorder import BUCKETS, Column, Recorder, Reserve, bucket

# Events taken at once where latency of the generator does not matter: dialling and draining.
BATCH = 128
EVIDENCE_MAX = 8

# What the machine, or the generator's own process, had no more of: never the server's fault.
SHORTAGES = {
    errno.EADDRNOTAVAIL: "no-ports",
    errno.EADDRINUSE: "no-ports",
    errno.EMFILE: "no-descriptors",
    errno.ENFILE: "no-descriptors",
    errno.ENOBUFS: "no-buffers",
    errno.ENOMEM: "no-memory",
    errno.EMSGSIZE: "datagram-too-long",
    errno.EPERM: "not-permitted",
    errno.EACCES: "not-permitted",
    errno.ENETUNREACH: "no-route",
}


@dataclass(frozen=True)
class System:
    """The calls that a load is made of: the kernel's, or a script's in a test.

    clock: the monotonic clock, in nanoseconds
    """

    clock: Callable[[], int] = time.monotonic_ns
    read: Callable[[int, int], bytes] = os.read
    write: Callable[[int, Any], int] = os.write
    epoll: Callable[[], Any] = select.epoll
    poll: Callable[[], Any] = select.poll


REAL = System()


class Driver(Protocol):
    """What a worker asks of a load: phases that end by the clock, on connections of its own."""

    recorder: Recorder
    facts: "Facts"

    def connect(self, until_ns: int) -> None:
        """Establish every connection that is kept."""

    def run(self, until_ns: int) -> None:
        """Drive the load until an instant; called for the warm-up, in parts, and for the window."""

    def drain(self, until_ns: int) -> None:
        """Send nothing new and wait for what is outstanding."""

    def close(self) -> None:
        """Hang up."""


class Facts:
    """What happened beside the samples.

    mismatches: replies that were not the bytes sent; errors: connections that broke
    evidence: the first few of both, for a person
    shortages: what the machine had no more of, how often; shortage: the first, in words
    connects: how long connects took, by bucket; in churn those of the window
    lives, life_ns: in churn, cycles that ended in the window, and their lengths in all
    silent: at the end of the drain every connection was owed a reply, and none had come in it
    due: requests that fell due in the window of an open loop; in churn those of the connections
        that did
    polls, full_polls: looks for replies in the window, and those that found as many as they may
    idle_ns: time in which one look after the other found nothing
    """

    def __init__(self) -> None:
        """Start from nothing."""
        self.mismatches = 0
        self.errors = 0
        self.not_connected = 0
        self.evidence: list[dict[str, object]] = []
        self.shortages: dict[str, int] = {}
        self.shortage = ""
        self.connects: Column = Reserve(BUCKETS).column
        self.lives = self.life_ns = 0
        self.silent = False
        self.duplicated = self.reordered = self.late = 0  # datagrams, in the window
        self.due = 0
        self.polls = self.full_polls = self.idle_ns = 0

    def open(self, *, churn: bool) -> None:
        """Forget what was counted in the warm-up."""
        self.polls = self.full_polls = self.idle_ns = self.due = 0
        if churn:
            self.connects = Reserve(BUCKETS).column
            self.lives = self.life_ns = 0

    def looked(self, polls: int, full: int, idle_ns: int) -> None:
        """Add what a loop has counted of its looks for replies."""
        self.polls += polls
        self.full_polls += full
        self.idle_ns += idle_ns

    def connected(self, dial_ns: int) -> None:
        """Count how long a connect took."""
        self.connects[bucket(dial_ns)] += 1

    def lived(self, life_ns: int) -> None:
        """Count a cycle of churn, from one dial of a place to its next."""
        self.lives += 1
        self.life_ns += life_ns

    def note(self, kind: str, slot: int, detail: str) -> None:
        """Keep a piece of evidence, if there are few so far."""
        if len(self.evidence) < EVIDENCE_MAX:
            self.evidence.append({"kind": kind, "connection": slot, "detail": detail})

    def mismatch(self, kind: str, slot: int, detail: str) -> None:
        """Count a reply that was not what was sent."""
        self.mismatches += 1
        self.note(kind, slot, detail)

    def surplus(self, slot: int, data: bytes) -> None:
        """Count bytes that came although nothing was asked for."""
        detail = f"{len(data)} bytes beyond the last reply: {data[:16].hex(' ')}"
        self.mismatch("surplus", slot, detail)

    def wrong(self, slot: int, payload: bytes, received: bytes, ring: list[bytes]) -> None:
        """Count a reply whose bytes are not those that were sent, or more."""
        kind = "surplus" if received.startswith(payload) else "wrong-bytes"
        self.mismatch(kind, slot, describe(payload, received, ring))

    def error(self, kind: str, slot: int, detail: str) -> None:
        """Count a connection that broke."""
        self.errors += 1
        self.note(kind, slot, detail)

    def failed(self, kind: str, slot: int, number: int | None) -> None:
        """Count a call that failed: a shortage is the machine's, all else the server's."""
        short = SHORTAGES.get(number or 0)
        words = os.strerror(number) if number else "failed"
        if short is None:
            self.error(kind, slot, words)
            return
        self.shortages[short] = self.shortages.get(short, 0) + 1
        self.shortage = self.shortage or words


def empty_poll_ns(epoll: Any, clock: Callable[[], int], looks: int = 64) -> int:
    """Return what a look that finds nothing costs here, in nanoseconds: the median of some."""
    costs = []
    for _ in range(looks):
        begun_ns = clock()
        epoll.poll(0, 1)
        costs.append(clock() - begun_ns)
    return sorted(costs)[looks // 2]
