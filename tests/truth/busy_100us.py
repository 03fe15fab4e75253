"""Echoes correctly, and is busy for 100 µs with each request: a known limit, its own."""

import selectors
import socket
import time

from servers.api import Settings
from servers.stream.selectors_default import loop

FAMILY = "truth"
BUSY_NS = 100_000


class Busy(selectors.DefaultSelector):
    """Is busy for each that is ready before it hands them over."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready, after the work for it."""
        ready = super().select(timeout)
        until_ns = time.perf_counter_ns() + BUSY_NS * len(ready)
        while time.perf_counter_ns() < until_ns:
            pass
        return ready


def serve(listener: socket.socket, settings: Settings) -> None:
    """Serve whoever is ready."""
    loop(listener, Busy())
