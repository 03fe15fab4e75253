"""What every driver of a load has in common: its phases, its clock, and what it notes."""

import time
from array import array
from typing import Protocol

from loadgen.recorder import Recorder

clock = time.monotonic_ns
# Events taken at once: the clock is looked at between batches, well below a millisecond.
BATCH = 128
# A server that says nothing is noticed to be late this often; replies wake us at once.
POLL_S = 0.05
EVIDENCE_MAX = 8


class Driver(Protocol):
    """What a worker asks of a load: phases that end by the clock, on connections of its own."""

    recorder: Recorder
    facts: "Facts"

    def connect(self, until_ns: int) -> None:
        """Establish every connection that is kept."""

    def run(self, until_ns: int) -> None:
        """Drive the load until an instant; called once for the warm-up and once for the window."""

    def drain(self, until_ns: int) -> None:
        """Send nothing new and wait for what is outstanding."""

    def close(self) -> None:
        """Hang up."""


class Facts:
    """What happened beside the samples.

    mismatches: replies that were not the bytes sent; errors: connections that broke
    evidence: the first few of both, for a person
    dialled_at, dial_ns: when each connect ended, and how long it took
    lived_at, life_ns: the same of whole lives in churn, from one dial of a place to its next
    silent: at the end of the drain every connection was owed a reply, and none had come in it
    """

    def __init__(self) -> None:
        """Start from nothing."""
        self.mismatches = 0
        self.errors = 0
        self.not_connected = 0
        self.evidence: list[dict[str, object]] = []
        self.dialled_at, self.dial_ns = array("q"), array("q")
        self.lived_at, self.life_ns = array("q"), array("q")
        self.silent = False
        self.duplicated = self.reordered = self.late = 0  # datagrams, in the window

    def note(self, kind: str, slot: int, detail: str) -> None:
        """Keep a piece of evidence, if there are few so far."""
        if len(self.evidence) < EVIDENCE_MAX:
            self.evidence.append({"kind": kind, "connection": slot, "detail": detail})

    def mismatch(self, kind: str, slot: int, detail: str) -> None:
        """Count a reply that was not what was sent."""
        self.mismatches += 1
        self.note(kind, slot, detail)

    def error(self, kind: str, slot: int, detail: str) -> None:
        """Count a connection that broke."""
        self.errors += 1
        self.note(kind, slot, detail)
