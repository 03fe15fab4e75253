"""selectors-default with 5 % more CPU per request, burnt in a loop that calibrates itself."""

import selectors
import socket
import time

from servers.api import Settings
from servers.stream.selectors_default import loop

FAMILY = "selectors"
SHARE = 0.05
# Requests from one adjustment to the next: rarely enough to cost nothing, often within a second.
EVERY = 4096
CALLS = 20_000


def cost_ns(selector: selectors.BaseSelector) -> float:
    """Return the CPU time of an empty select: the least of five, as others may interfere."""
    costs = []
    for _ in range(5):
        begun_ns = time.thread_time_ns()
        for _ in range(CALLS):
            selector.select(0)
        costs.append(time.thread_time_ns() - begun_ns)
    return min(costs) / CALLS


class Burning(selectors.DefaultSelector):
    """Burns a share of what the requests themselves have cost, for each that is ready.

    The loop watches the clock: its turns take longer after a sleep, when the caches are cold. By
    the CPU clock it came to 1.05 with 50 connections, and to 1.10 with one, where the wrapping of
    `select` is cold as well.

    extra_ns: to burn for a request; select_ns: what `select` here takes beyond the plain one
    """

    def __init__(self) -> None:
        """Calibrate."""
        super().__init__()
        self.extra_ns = self.requests = self.calls = 0
        with selectors.DefaultSelector() as plain:
            self.select_ns = max(0.0, cost_ns(self) - cost_ns(plain))
        self.calls, self.since_ns = 0, time.thread_time_ns()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready, after the extra work for it."""
        ready = super().select(timeout)
        until_ns = time.perf_counter_ns() + self.extra_ns * len(ready)
        self.calls += 1
        self.requests += len(ready)
        if self.requests >= EVERY:
            self.adjust()
        while time.perf_counter_ns() < until_ns:
            pass
        return ready

    def adjust(self) -> None:
        """Set the extra from the CPU time of the last requests, less what was added to them."""
        now_ns = time.thread_time_ns()
        wrapping_ns = self.select_ns * self.calls / self.requests
        plain_ns = (now_ns - self.since_ns) / self.requests - self.extra_ns - wrapping_ns
        self.extra_ns = max(0, round(SHARE * plain_ns - wrapping_ns))
        self.since_ns, self.requests, self.calls = now_ns, 0, 0


def serve(listener: socket.socket, settings: Settings) -> None:
    """Serve whoever is ready."""
    loop(listener, Burning())
