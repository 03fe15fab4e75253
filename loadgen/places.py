"""The places of a load of churn: how a connection comes into one, and how it ends or breaks.

The hot loop over them is `churn.ChurnLoop`.
"""

import errno
import socket
from abc import ABC, abstractmethod
from collections import deque
from itertools import cycle

from loadgen.connection import (
    DEAD,
    DIALLING,
    DRAIN_POLL_S,
    FAILURES_MAX,
    HANGING_UP,
    READ,
    TALKING,
    WRITE,
)
from loadgen.driver import BATCH, REAL, SHORTAGES, Facts, System, empty_poll_ns
from loadgen.pacing import POLL_MARGIN, POLL_S
from loadgen.payload import ring
from loadgen.place import Place
from loadgen.plan import Plan
from loadgen.recorder import Recorder
from loadgen.schedule import Arrivals
from loadgen.sockets import Dialer, connected_to_itself

# In closed loop, places whose server refuses are dialled again no sooner than this: a server that
# is gone costs a look every millisecond, not a CPU.
REFUSED_PAUSE_NS = 1_000_000


class Places(ABC):
    """Dialling, failing and leaving on record; what a connection says is up to the loop.

    arrivals: when connections fall due in open loop; None in closed loop, where a free place is
    dialled at once
    """

    def __init__(
        self, plan: Plan, connections: int, dialer: Dialer | None = None, system: System = REAL
    ) -> None:
        """Prepare payloads, columns and places; nothing is connected yet."""
        load = plan.load
        self.plan, self.system, self.clock = plan, system, system.clock
        self.size = load.payload_bytes
        self.requests = load.requests_per_connection or 1
        self.recorder = Recorder(plan, connections, clock=self.clock)
        self.facts = Facts()
        self.ring = ring(self.size, 2 * connections, plan.seed)
        self.next_payload = cycle(self.ring).__next__
        self.dialer = dialer or Dialer(plan)
        self.checks_itself = plan.target.transport != "unix" and self.dialer.may_meet_itself
        self.epoll = system.epoll()
        self.poll_s = 0 if plan.wait == "spin" else POLL_S
        self.poll_ns = POLL_MARGIN * empty_poll_ns(self.epoll, self.clock)
        self.slots = [Place(number) for number in range(connections)]
        self.by_fd: dict[int, Place] = {}
        self.sending = True
        self.begun = self.heard_in_drain = False
        self.free: deque[Place] = deque()
        self.again: deque[tuple[int, Place]] = deque()  # refused: when to dial, and whom
        self.arrivals: Arrivals[Place] | None = None
        if load.connection_rate is not None:
            self.arrivals = Arrivals(plan, load.connection_rate, self.slots)

    def dial(self, place: Place) -> None:
        """Connect a place and send its first request."""
        place.since_ns = self.clock()
        sock, number = self.dialer.dial()
        if sock is None:
            self.missed(place, number)
            return
        if number == errno.EAGAIN:  # a Unix socket whose backlog is full
            sock.close()
            self.missed(place, number)
            return
        place.sock, place.state = sock, DIALLING
        fd = place.fd = sock.fileno()
        self.by_fd[fd] = place
        place.left = self.requests
        if self.checks_itself and connected_to_itself(sock):
            number = errno.ECONNREFUSED
        if number not in (0, errno.EINPROGRESS):
            self.fail(place, "refused", number)
            return
        self.ask_first(place)

    def ask_first(self, place: Place) -> None:
        """Send a place its first request, at once where the kernel takes it."""
        payload = place.payload = self.next_payload()
        place.got, place.expected = 0, None
        sent_ns = place.sent_ns = self.clock()
        try:
            accepted = self.system.write(place.fd, payload)
        except BlockingIOError:
            place.unsent = memoryview(payload)
            self.epoll.register(place.fd, READ | WRITE)
            return
        except OSError as error:
            self.fail(place, "refused", error.errno)
            return
        self.facts.connected(sent_ns - place.since_ns)
        place.state = TALKING
        if not place.due_ns:
            place.due_ns = sent_ns
        if accepted == self.size:
            place.expected = payload
            self.epoll.register(place.fd, READ)
        else:
            place.unsent = memoryview(payload)[accepted:]
            self.epoll.register(place.fd, READ | WRITE)

    def missed(self, place: Place, number: int) -> None:
        """Take a dial that made no connection for want of something."""
        if number != errno.EAGAIN:
            self.facts.failed("refused", place.slot, number)
        self.leave_due(place)
        self.again_later(place)

    def again_later(self, place: Place) -> None:
        """Dial a place again: in closed loop after a pause, in open loop when something is due."""
        if self.arrivals is not None:
            self.free.append(place)
        else:
            self.again.append((self.clock() + REFUSED_PAUSE_NS, place))

    def keep_rest(self, place: Place, accepted: int) -> None:
        """Send the rest of a request when the socket can take it."""
        if place.state is TALKING and place.expected:
            place.payload, place.expected = place.expected, None
            place.unsent = memoryview(place.payload)[accepted:]
            self.epoll.modify(place.fd, READ | WRITE)

    def hang_up(self, place: Place) -> None:
        """End a connection after its last reply; the server's own end completes the cycle."""
        place.state, place.expected = HANGING_UP, b""
        try:
            place.sock.shutdown(socket.SHUT_WR)
        except OSError as error:
            self.broke(place, error)

    def surplus(self, place: Place, data: bytes) -> None:
        """Give up a connection on which bytes came that nobody had asked for."""
        self.facts.surplus(place.slot, data)
        self.give_up(place)

    def broke(self, place: Place, error: OSError) -> int:
        """Fail a connection unless it would only block; return 0, the bytes that were sent."""
        if not isinstance(error, BlockingIOError):
            self.fail(place, "reset", error.errno)
        return 0

    def fail(self, place: Place, kind: str, number: int | None) -> None:
        """Count a broken connection by its error number."""
        self.facts.failed(kind, place.slot, number)
        self.give_up(place, short=number in SHORTAGES)

    def give_up(self, place: Place, *, short: bool = False) -> None:
        """Leave the request of a connection that came to nothing on record; use its place again.

        Not one that failed too often in a row, for its server is gone; a shortage passes.
        """
        self.lost(place)
        self.forget(place)
        place.failures += not short
        if self.sending and place.failures < FAILURES_MAX:
            self.again_later(place)

    def lost(self, place: Place) -> None:
        """Leave the request that a place is owed a reply to on record as unanswered."""
        if place.state is TALKING:
            self.recorder.leave(place.due_ns, place.sent_ns, place.slot)
            if self.arrivals is not None:  # those that would have followed
                self.leave_unsent(place.due_ns, place.slot, place.left - 1)
        elif place.state is DIALLING:
            self.leave_due(place)

    def leave_due(self, place: Place) -> None:
        """Leave the requests of a connection that was due and never came on record.

        In closed loop none is due.
        """
        if place.due_ns and self.arrivals is not None:
            self.leave_unsent(place.due_ns, place.slot, self.requests)

    def leave_unsent(self, due_ns: int, slot: int, count: int) -> None:
        """Leave requests on record that could not be sent."""
        for _ in range(count):
            self.recorder.leave(due_ns, 0, slot)

    def forget(self, place: Place) -> None:
        """Close the socket of a place; the kernel takes it out of the epoll set."""
        self.by_fd.pop(place.fd, None)
        place.sock.close()
        place.state = DEAD
        place.expected = place.unsent = None

    @abstractmethod
    def attend(self, place: Place, event: int, received_ns: int) -> None:
        """Handle an event that is not simply something to read."""

    def drain(self, until_ns: int) -> None:
        """Wait for the replies that are still owed, then leave the others on record."""
        self.sending = self.heard_in_drain = False
        replies = self.recorder.rows
        owing = [place for place in self.slots if place.state in (TALKING, DIALLING)]
        owed = owing
        while owed and self.clock() < until_ns:
            events = self.epoll.poll(DRAIN_POLL_S, BATCH)
            received_ns = self.clock()
            for fd, event in events:
                if (place := self.by_fd.get(fd)) is not None:
                    self.heard_in_drain = True
                    self.attend(place, event, received_ns)
            owed = [place for place in owed if place.state in (TALKING, DIALLING)]
        self.recorder.drained_ns = self.clock()
        self.facts.silent = (
            bool(owed)
            and self.plan.drain_s > 0
            and len(owed) == len(owing) == len(self.slots)
            and not self.heard_in_drain
            and replies == self.recorder.rows
        )
        for place in self.slots:
            self.lost(place)
        if self.arrivals is not None:
            self.facts.due = self.arrivals.in_window * self.requests
            for due_ns, place in self.arrivals.rest(self.recorder.close_ns):
                self.leave_unsent(due_ns, place.slot, self.requests)

    def close(self) -> None:
        """Hang up all connections."""
        for place in list(self.by_fd.values()):
            self.forget(place)
        self.epoll.close()
