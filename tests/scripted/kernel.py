"""A kernel of make-believe for the generator's loops: its clock, its sockets, its servers.

Time passes only by calls: each costs what the script says, so that a loop can be shown a machine
that is ten times as fast as any real one. The kernel keeps the truth that the loop has to find: of
every request when it was written, of every reply which look found it.
"""

import errno
import heapq
from collections.abc import Callable
from itertools import count
from typing import Any

from loadgen.driver import System
from tests.scripted.wire import HUNG_UP as HUNG_UP
from tests.scripted.wire import READ as READ
from tests.scripted.wire import WRITE as WRITE
from tests.scripted.wire import Chunk as Chunk
from tests.scripted.wire import Peer as Peer
from tests.scripted.wire import Wire as Wire

START_NS = 10**12
FIRST_FD = 10


class Kernel:
    """The calls of a `System`, each of which costs `call_ns` (the clock `clock_ns`)."""

    def __init__(self, server: Peer, call_ns: int = 100, clock_ns: int = 20) -> None:
        self.server, self.call_ns, self.clock_ns = server, call_ns, clock_ns
        self.now_ns = self.stamp_ns = self.look_ns = START_NS
        self.looked = False
        self.wires: dict[int, Wire] = {}
        self.all: list[Wire] = []
        self.free: list[int] = []
        self.numbers, self.orders = count(FIRST_FD), count()
        self.agenda: list[tuple[int, int, Wire]] = []
        self.epoll = Epoll(self)

    def system(self) -> System:
        return System(self.clock, self.read, self.write, lambda: self.epoll)

    def spend(self) -> None:
        self.now_ns += self.call_ns

    def clock(self) -> int:
        self.now_ns += self.clock_ns
        self.stamp_ns = self.now_ns
        if self.looked:
            self.look_ns, self.looked = self.now_ns, False
        return self.now_ns

    def open(self) -> Wire:
        """Return a new connection on the lowest descriptor that is free, as Unix does."""
        fd = heapq.heappop(self.free) if self.free else next(self.numbers)
        wire = self.wires[fd] = Wire(self, fd, len(self.all))
        self.all.append(wire)
        return wire

    def release(self, wire: Wire) -> None:
        if self.wires.pop(wire.fd, None) is not None:
            self.epoll.forget(wire.fd)
            heapq.heappush(self.free, wire.fd)

    def wake(self, at_ns: int, wire: Wire) -> None:
        heapq.heappush(self.agenda, (at_ns, next(self.orders), wire))

    def read(self, fd: int, most: int) -> bytes:
        wire = self.wires[fd]
        try:
            data = wire.take_in(most)
        finally:
            self.spend()
        whole = wire.returned // self.server.size
        wire.returned += len(data)
        more = wire.returned // self.server.size - whole
        wire.found += [(self.look_ns, self.now_ns)] * more
        return data

    def write(self, fd: int, data: Any) -> int:
        wire, at = self.wires[fd], self.wires[fd].taken
        if wire.connect_error:
            raise OSError(wire.connect_error, "refused")
        blocked = self.now_ns < wire.blocked_until_ns
        accepted = 0 if blocked else self.server.accepts(wire, len(data), at)
        if not accepted:
            if not blocked:
                wire.block(2_000)
            self.spend()
            raise BlockingIOError(errno.EAGAIN, "no room")
        size = self.server.size
        begun = -(-(at + accepted) // size) - -(-at // size)
        wire.sent += [self.stamp_ns] * begun
        wire.taken = at + accepted
        self.spend()
        self.server.heard(wire, bytes(data[:accepted]), at)
        if accepted < len(data):
            wire.block(2_000)
        return accepted


class Epoll:
    """Level-triggered; what was told goes to the end of the list of what is ready."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.interest: dict[int, int] = {}
        self.ready: dict[int, None] = {}

    def register(self, fd: int, mask: int) -> None:
        self.kernel.spend()
        self.modify(fd, mask)

    def modify(self, fd: int, mask: int) -> None:
        self.interest[fd] = mask
        self.ready[fd] = None

    def unregister(self, fd: int) -> None:
        self.forget(fd)

    def forget(self, fd: int) -> None:
        self.interest.pop(fd, None)
        self.ready.pop(fd, None)

    def close(self) -> None:
        self.interest.clear()

    def poll(self, timeout_s: float, most: int) -> list[tuple[int, int]]:
        kernel = self.kernel
        kernel.spend()
        found = self.look(most)
        if not found and timeout_s:
            until_ns = kernel.now_ns + int(timeout_s * 1e9)
            while not found and kernel.now_ns < until_ns:
                next_ns = kernel.agenda[0][0] if kernel.agenda else until_ns
                kernel.now_ns = min(until_ns, max(next_ns, kernel.now_ns + 1))
                found = self.look(most)
        kernel.looked, kernel.look_ns = True, kernel.now_ns
        return found

    def look(self, most: int) -> list[tuple[int, int]]:
        kernel, ready, found = self.kernel, self.ready, []
        while kernel.agenda and kernel.agenda[0][0] <= kernel.now_ns:
            wire = heapq.heappop(kernel.agenda)[2]
            if not wire.closed and wire.fd in self.interest:
                ready[wire.fd] = None
        for fd in list(ready):
            events = kernel.wires[fd].events()
            if told := events & (self.interest[fd] | HUNG_UP):
                found.append((fd, told))
                if len(found) == most:
                    break
            elif not events & READ:  # what is ready and not asked for stays ready
                del ready[fd]
        for fd, _ in found:
            del ready[fd]
            ready[fd] = None
        return found


class Dialer:
    """Connects at once, as loopback does, unless `outcome` has another number for a dial.

    block_ns: how long it takes all the same until a connection can be written to
    outcome: of the number of a dial: 0, EINPROGRESS (written at once all the same), an error; None
        is that no socket could be made
    """

    def __init__(
        self,
        kernel: Kernel,
        block_ns: int = 0,
        outcome: Callable[[int], int | None] = lambda _: errno.EINPROGRESS,
    ) -> None:
        self.kernel, self.block_ns, self.outcome = kernel, block_ns, outcome
        self.sources = [("127.0.1.1", 0)]
        self.turns = self.number = 0
        self.may_meet_itself = False

    def dial(self) -> tuple[Any, int]:
        self.kernel.spend()
        self.turns += 1
        number = self.outcome(self.turns)
        if number is None:
            return None, errno.EMFILE
        wire = self.kernel.open()
        if self.block_ns:
            wire.block(self.block_ns)
        return wire, number
