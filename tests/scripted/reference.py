"""The generator's protocols written to be read: one dict a connection, no fast path.

They make the same calls in the same order as the fast loops, so that on a scripted kernel the same
rows must come of both. Every reply is assembled byte by byte from what was asked.
"""

from collections import deque
from collections.abc import Iterator
from itertools import cycle
from typing import Any

from loadgen import pacing
from loadgen.driver import empty_poll_ns
from loadgen.paced import BURST
from loadgen.pacing import POLL_MARGIN
from loadgen.payload import ring
from loadgen.plan import Plan
from tests.scripted.kernel import READ, WRITE, Dialer, Kernel

LARGE = 256 * 1024
TOGETHER = 16

Row = tuple[int, int, int, int]


class Reference:
    """What the protocols share: connections, their requests in flight, and rows of what came."""

    def __init__(self, plan: Plan, kernel: Kernel, in_flight: int) -> None:
        self.plan, self.kernel, self.epoll = plan, kernel, kernel.epoll
        self.size = plan.load.payload_bytes
        self.ring = ring(self.size, in_flight, plan.seed)
        self.rows: list[Row] = []
        self.places: dict[int, dict[str, Any]] = {}

    def connect(self) -> None:
        dialer = Dialer(self.kernel)
        for slot in range(self.plan.load.connections):
            wire, _ = dialer.dial()
            self.places[wire.fd] = {"slot": slot, "asked": deque(), "come": b"", "unsent": b""}
            self.epoll.register(wire.fd, READ)

    def write(self, fd: int, data: bytes) -> bool:
        """Send what the socket takes, and the rest when it can; return if it took any."""
        try:
            accepted = self.kernel.write(fd, data)
        except BlockingIOError:
            accepted = 0
        place, rest = self.places[fd], data[accepted:]
        if bool(place["unsent"]) != bool(rest):
            self.epoll.modify(fd, READ | WRITE if rest else READ)
        place["unsent"] = rest
        return accepted > 0

    def read(self, fd: int, most: int) -> bytes:
        try:
            return self.kernel.read(fd, most)
        except BlockingIOError:
            return b""

    def come(self, fd: int, data: bytes, received_ns: int) -> int:
        """Take bytes; return how many replies they completed."""
        place, count = self.places[fd], 0
        place["come"] += data
        while len(place["come"]) >= self.size:
            payload, intended_ns, sent_ns = place["asked"].popleft()
            assert place["come"].startswith(payload)
            place["come"] = place["come"][self.size :]
            self.rows.append((intended_ns, sent_ns, received_ns, place["slot"]))
            count += 1
        return count


class Closed(Reference):
    """Ask, wait for the reply, ask again: at once, or after the batch where some always wait."""

    def __init__(self, plan: Plan, kernel: Kernel) -> None:
        super().__init__(plan, kernel, plan.load.connections)
        self.payloads: Iterator[bytes] = cycle(self.ring)

    def ask(self, fd: int) -> None:
        payload, now_ns = next(self.payloads), self.kernel.clock()
        self.places[fd]["asked"].append((payload, now_ns, now_ns))
        self.write(fd, payload)
        self.places[fd]["smooth"] = not self.places[fd]["unsent"]

    def run(self, until_ns: int) -> None:
        for fd in self.places:
            self.ask(fd)
        found_nothing, received_ns = False, 0
        while received_ns < until_ns:
            events = self.epoll.poll(0, TOGETHER)
            received_ns = self.kernel.clock()
            later = []
            for fd, event in events:
                place = self.places[fd]
                smooth = not place["come"] and place["smooth"]
                if event & WRITE and not self.write(fd, place["unsent"]):
                    continue
                if not event & READ:
                    continue
                data = self.read(fd, self.size + 1)
                if self.come(fd, data, received_ns):
                    if found_nothing or not smooth or len(data) < self.size:
                        self.ask(fd)
                    else:
                        later.append(fd)
            for fd in later:
                self.ask(fd)
            found_nothing = not events


class Pipelined(Reference):
    """Keep `depth` requests in flight; what a read completed is asked anew in one write."""

    def __init__(self, plan: Plan, kernel: Kernel) -> None:
        super().__init__(plan, kernel, plan.load.connections * plan.load.depth)
        self.number = 0

    def ask(self, fd: int, count: int) -> None:
        place = self.places[fd]
        place["due"] = place.get("due", 0) + count
        while place["due"] and not place["unsent"]:
            batch = self.ring[self.number : self.number + place["due"]]
            self.number = (self.number + len(batch)) % len(self.ring)
            place["due"] -= len(batch)
            now_ns = self.kernel.clock()
            place["asked"].extend((payload, now_ns, now_ns) for payload in batch)
            self.write(fd, b"".join(batch))

    def run(self, until_ns: int) -> None:
        for fd in self.places:
            self.ask(fd, self.plan.load.depth)
        received_ns = 0
        while received_ns < until_ns:
            events = self.epoll.poll(0, TOGETHER)
            received_ns = self.kernel.clock()
            for fd, event in events:
                if event & WRITE:
                    if not self.write(fd, self.places[fd]["unsent"]):
                        continue
                    self.ask(fd, 0)
                if event & READ:
                    room = self.plan.load.depth * self.size + 1 if event == READ else LARGE
                    self.ask(fd, self.come(fd, self.read(fd, room), received_ns))


class Open(Reference):
    """Send what is due by the schedule, look for replies in between."""

    def __init__(self, plan: Plan, kernel: Kernel) -> None:
        load = plan.load
        super().__init__(plan, kernel, load.connections * 16)
        assert load.rate is not None
        count = pacing.drawn(load.rate * (plan.warmup_s + plan.duration_s))
        self.gaps = pacing.gaps_ns(load.rate, load.arrivals, plan.seed, count)
        self.turns = pacing.turns(load.connections, load.assignment, plan.seed, count)
        self.near_ns = POLL_MARGIN * empty_poll_ns(self.epoll, kernel.clock)

    def run(self, until_ns: int) -> None:
        clock, number = self.kernel.clock, 0
        due_ns = self.kernel.now_ns + self.gaps[-1]
        fds = list(self.places)
        while (now_ns := clock()) < until_ns:
            burst = BURST
            while due_ns <= now_ns and burst:
                fd = fds[self.turns[number % len(self.turns)]]
                payload = self.ring[number % len(self.ring)]
                self.places[fd]["asked"].append((payload, due_ns, now_ns))
                self.write(fd, payload)
                due_ns += self.gaps[number % len(self.gaps)]
                number, burst, now_ns = number + 1, burst - 1, clock()
            wait_ns = min(due_ns, until_ns) - now_ns
            if 0 < wait_ns < self.near_ns:
                continue
            events = self.epoll.poll(0, 4 if wait_ns > 0 else BURST)
            received_ns = clock()
            for fd, _ in events:
                self.come(fd, self.read(fd, 4096), received_ns)
