"""Churn: connections that are dialled, ask a few times, and hang up; the third hot code here.

In closed loop each place dials again as soon as it has hung up. In open loop connections fall due
by a schedule, whatever the server does, and take a free place, or wait for one: the first request
of a connection is timed from the instant at which its connection was due.
"""

import errno
import socket
from collections import deque
from itertools import cycle
from select import POLLOUT

from loadgen.driver import BATCH, POLL_S, REAL, SHORTAGES, Facts, System, empty_poll_ns
from loadgen.paced import POLL_MARGIN, SPIN_NS
from loadgen.pacing import Schedule, drawn, gaps_ns
from loadgen.payload import describe, ring
from loadgen.plan import Plan
from loadgen.recorder import NEVER, Recorder
from loadgen.sockets import Dialer, connected_to_itself
from loadgen.stream import (
    DEAD,
    DIALLING,
    DRAIN_POLL_S,
    FAILURES_MAX,
    HANGING_UP,
    READ,
    RECEIVE_MAX,
    TALKING,
    WRITE,
)

# Events taken in one look, and connections dialled between two.
TOGETHER = 16
# In closed loop, places whose server refuses are dialled again no sooner than this: a server that
# is gone costs a look every millisecond, not a CPU.
REFUSED_PAUSE_NS = 1_000_000
SHUT_WR = socket.SHUT_WR


class Place:
    """Room for one connection at a time, and how far that one is."""

    __slots__ = (
        *("due_ns", "expected", "failures", "fd", "got", "left", "payload", "sent_ns"),
        *("since_ns", "slot", "sock", "state", "unsent"),
    )

    def __init__(self, slot: int) -> None:
        """Be free."""
        self.slot = slot
        self.state = DEAD
        self.fd = -1
        self.sock: socket.SocketType | None = None
        self.left = 0  # requests until it hangs up
        # What comes next if all is well: a whole reply, or the end (b""); None to look closely.
        self.expected: bytes | None = None
        self.payload = b""
        self.got = 0  # bytes of the current reply that have come
        self.unsent: memoryview | None = None
        self.due_ns = self.sent_ns = self.since_ns = 0
        self.failures = 0  # connections in a row that came to nothing


class ChurnLoop:
    """Connections of `requests_per_connection` requests, one in flight on each.

    A cycle takes a socket, its options, its source, a connect, a request, a look, a reply, an end
    to each side. Over loopback a connect is done when it returns, although it says that it is in
    progress: so the request is written at once, and only where the kernel takes none yet is the
    connection waited for.
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
        self.idle: list[socket.SocketType] = []
        self.sending = True
        self.begun = self.spoken = False
        self.open_loop = load.connection_rate is not None
        self.free: deque[Place] = deque()
        self.again: deque[tuple[int, Place]] = deque()  # refused: when to dial, and whom
        self.due_ns = NEVER
        self.issued = 0
        if load.connection_rate is not None:
            share = load.connection_rate / plan.processes
            self.gaps = gaps_ns(
                share,
                load.arrivals,
                plan.seed,
                drawn(share * (plan.warmup_s + plan.duration_s)),
            )

    # The phases

    def connect(self, until_ns: int) -> None:
        """Dial the idle connections; the others are dialled when they are due."""
        poller = self.system.poll()
        for number in range(self.plan.load.idle):
            sock, error = self.dialer.dial()
            if sock is None or error not in (0, errno.EINPROGRESS):
                self.facts.not_connected += 1
                self.facts.failed("not-connected", -1 - number, error)
                continue
            poller.register(sock.fileno(), POLLOUT)
            while not poller.poll(1) and self.clock() < until_ns:
                continue
            poller.unregister(sock.fileno())
            if error := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                self.facts.not_connected += 1
                self.facts.failed("not-connected", -1 - number, error)
            self.idle.append(sock)

    def run(self, until_ns: int) -> None:
        """Drive the load until an instant."""
        if not self.begun:
            self.begun = True
            self.free.extend(self.slots)
            if self.open_loop:
                self.due_ns = self.recorder.start_ns + self.gaps[-1]
                schedule = Schedule(self.gaps, self.due_ns)
                window = (self.recorder.open_ns, self.recorder.close_ns)
                self.due_in_window = schedule.between(*window)
        self.loop(until_ns)

    def loop(self, until_ns: int) -> None:
        """Dial what is due, and carry every connection one step further at each event."""
        poll, by_fd, now_ns = self.epoll.poll, self.by_fd, self.clock
        read, write = self.system.read, self.system.write
        size, room = self.size, min(self.size + 1, RECEIVE_MAX)
        most = min(TOGETHER, len(self.slots))
        open_loop, next_payload = self.open_loop, self.next_payload
        recorder = self.recorder
        intended_column, sent_column = recorder.intended, recorder.sent
        received_column, slot_column = recorder.received, recorder.slot
        row, limit = recorder.rows, recorder.limit
        answered: list[Place] = []
        polls = full = idle = idle_ns = 0
        looked_ns = now_ns()
        while True:
            wait_ns = min(self.dial_due(), until_ns - looked_ns)
            events = () if 0 < wait_ns < self.poll_ns else poll(self.timeout_s(wait_ns), TOGETHER)
            received = now_ns()
            polls += 1
            if not events:
                if idle:
                    idle_ns += received - looked_ns
                looked_ns, idle = received, 1
                if received >= until_ns:
                    break
                continue
            was_idle, idle = idle, 0
            if len(events) >= most:
                full += 1
            at_once = was_idle or (self.poll_s and len(events) < TOGETHER)
            for fd, event in events:
                place = by_fd.get(fd)
                if place is None:
                    continue
                wanted = place.expected
                if wanted is None:
                    recorder.rows = row
                    self.attend(place, event, received)
                    row = recorder.rows
                    continue
                try:
                    data = read(fd, room)
                except OSError as error:
                    self.broke(place, error)
                    continue
                if data != wanted:
                    recorder.rows = row
                    self.take(place, data, received)
                    row = recorder.rows
                    continue
                if not wanted:
                    self.ended(place)
                    continue
                intended_column[row] = place.due_ns
                sent_column[row] = place.sent_ns
                received_column[row] = received
                slot_column[row] = place.slot
                row += 1
                place.left = left = place.left - 1
                if not left:
                    self.hang_up(place)
                elif not at_once:
                    answered.append(place)
                else:
                    place.expected = wanted = next_payload()
                    place.sent_ns = sent_ns = now_ns()
                    place.due_ns = received if open_loop else sent_ns
                    try:
                        accepted = write(fd, wanted)
                    except OSError as error:
                        accepted = self.broke(place, error)
                    if accepted != size:
                        self.keep_rest(place, accepted)
            if answered:
                for place in answered:
                    place.expected = wanted = next_payload()
                    place.sent_ns = sent_ns = now_ns()
                    place.due_ns = received if open_loop else sent_ns
                    try:
                        accepted = write(place.fd, wanted)
                    except OSError as error:
                        accepted = self.broke(place, error)
                    if accepted != size:
                        self.keep_rest(place, accepted)
                answered.clear()
            if row >= limit:
                row = recorder.fold(row)
                limit = recorder.limit
            if received >= until_ns:
                break
        recorder.rows = row
        self.facts.looked(polls, full, idle_ns)

    def timeout_s(self, wait_ns: int) -> float:
        """Return how long a poll may sleep, with so long to the next dial."""
        if not self.poll_s or wait_ns <= SPIN_NS:
            return 0
        return min((wait_ns - SPIN_NS) / 1e9, POLL_S)

    # Dialling

    def dial_due(self) -> int:
        """Dial what is due, a few at a time; return the nanoseconds until the next."""
        free = self.free
        if not self.open_loop:
            while self.again and self.again[0][0] <= self.clock():
                free.append(self.again.popleft()[1])
            for _ in range(min(len(free), TOGETHER)):
                place = free.popleft()
                place.due_ns = 0
                self.dial(place)
            if free or not self.again:
                return 0 if free else NEVER
            return max(1, self.again[0][0] - self.clock())
        now = self.clock()
        for _ in range(TOGETHER):
            if self.due_ns > now or not free:
                break
            place = free.popleft()
            place.due_ns = self.due_ns
            self.due_ns += self.gaps[self.issued % len(self.gaps)]
            self.issued += 1
            self.dial(place)
            now = self.clock()
        return self.due_ns - now if free else NEVER

    def dial(self, place: Place) -> None:
        """Connect a place and send its first request."""
        since_ns = place.since_ns = self.clock()
        sock, number = self.dialer.dial()
        if sock is None or number == errno.EAGAIN:  # a Unix socket whose backlog is full
            if sock is not None:
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
        payload = place.payload = self.next_payload()
        place.got, place.expected = 0, None
        sent_ns = place.sent_ns = self.clock()
        try:
            accepted = self.system.write(fd, payload)
        except BlockingIOError:
            place.unsent = memoryview(payload)
            self.epoll.register(fd, READ | WRITE)
            return
        except OSError as error:
            self.fail(place, "refused", error.errno)
            return
        self.facts.connected(sent_ns - since_ns)
        place.state = TALKING
        if not place.due_ns:
            place.due_ns = sent_ns
        if accepted == self.size:
            place.expected = payload
            self.epoll.register(fd, READ)
        else:
            place.unsent = memoryview(payload)[accepted:]
            self.epoll.register(fd, READ | WRITE)

    def missed(self, place: Place, number: int) -> None:
        """Take a dial that made no connection for want of something."""
        if number != errno.EAGAIN:
            self.facts.failed("refused", place.slot, number)
        self.leave_due(place)
        self.again_later(place)

    def again_later(self, place: Place) -> None:
        """Dial a place again: in closed loop after a pause, in open loop when something is due."""
        if self.open_loop:
            self.free.append(place)
        else:
            self.again.append((self.clock() + REFUSED_PAUSE_NS, place))

    # Talking

    def attend(self, place: Place, event: int, received_ns: int) -> None:
        """Handle an event that is not simply something to read."""
        assert place.sock is not None
        if place.state is DIALLING:
            number = place.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if not number and self.checks_itself and connected_to_itself(place.sock):
                number = errno.ECONNREFUSED
            if number:
                self.fail(place, "refused", number)
                return
            place.state = TALKING
            place.sent_ns = self.clock()
            place.due_ns = place.due_ns or place.sent_ns
            self.facts.connected(place.sent_ns - place.since_ns)
        try:
            if event & WRITE and place.unsent:
                place.unsent = place.unsent[self.system.write(place.fd, place.unsent) :]
                if not place.unsent:
                    place.unsent = None
                    self.epoll.modify(place.fd, READ)
            if event & ~WRITE:
                self.take(place, self.system.read(place.fd, RECEIVE_MAX), received_ns)
        except OSError as error:
            self.broke(place, error)

    def take(self, place: Place, data: bytes, received_ns: int) -> None:
        """Take what is not simply a whole reply, or the end after the last one."""
        self.spoken = True
        if place.expected:
            place.payload, place.expected = place.expected, None
        payload = place.payload
        if place.state is HANGING_UP:
            if data:
                self.surplus(place, data)
            else:
                self.ended(place)
        elif not data:
            self.facts.error("closed-early", place.slot, "the server closed a connection in use")
            self.give_up(place)
        elif not payload.startswith(data, place.got):
            received = payload[: place.got] + data
            kind = "surplus" if received.startswith(payload) else "wrong-bytes"
            self.facts.mismatch(kind, place.slot, describe(payload, received, self.ring))
            self.give_up(place)
        else:
            place.got += len(data)
            if place.got == self.size:
                self.recorder.add(place.due_ns, place.sent_ns, received_ns, place.slot)
                self.answered(place, received_ns)

    def answered(self, place: Place, received_ns: int) -> None:
        """Ask again, or hang up after the last reply; off the fast path."""
        place.left -= 1
        if not place.left or not self.sending:
            self.hang_up(place)
            return
        place.got = 0
        place.expected = payload = self.next_payload()
        place.sent_ns = self.clock()
        place.due_ns = received_ns if self.open_loop else place.sent_ns
        try:
            accepted = self.system.write(place.fd, payload)
        except OSError as error:
            accepted = self.broke(place, error)
        if accepted != self.size:
            self.keep_rest(place, accepted)

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
            place.sock.shutdown(SHUT_WR)  # type: ignore[union-attr]  # it talks, so it has one
        except OSError as error:
            self.broke(place, error)

    def ended(self, place: Place) -> None:
        """Close a connection that both sides have ended, and free its place."""
        self.forget(place)
        place.failures = 0
        if self.sending:
            self.facts.lived(self.clock() - place.since_ns)
            if self.open_loop:
                self.free.append(place)
            else:
                # At once: 5 % less CPU a cycle than after the batch. The number of the descriptor
                # may be one of this batch again, but of those only whose event has been taken.
                place.due_ns = 0
                self.dial(place)

    # Trouble

    def surplus(self, place: Place, data: bytes) -> None:
        """Give up a connection on which bytes came that nobody had asked for."""
        detail = f"{len(data)} bytes beyond the last reply: {data[:16].hex(' ')}"
        self.facts.mismatch("surplus", place.slot, detail)
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
            if self.open_loop:  # those that would have followed
                self.leave_unsent(place.due_ns, place.slot, place.left - 1)
        elif place.state is DIALLING:
            self.leave_due(place)

    def leave_due(self, place: Place) -> None:
        """Leave the requests of a connection that was due and never came on record.

        In closed loop none is due.
        """
        if place.due_ns and self.open_loop:
            self.leave_unsent(place.due_ns, place.slot, self.requests)

    def leave_unsent(self, due_ns: int, slot: int, count: int) -> None:
        """Leave requests on record that could not be sent."""
        for _ in range(count):
            self.recorder.leave(due_ns, 0, slot)

    def forget(self, place: Place) -> None:
        """Close the socket of a place; the kernel takes it out of the epoll set."""
        self.by_fd.pop(place.fd, None)
        if place.sock is not None:
            place.sock.close()
        place.sock = None
        place.state = DEAD
        place.expected = place.unsent = None

    # The end

    def drain(self, until_ns: int) -> None:
        """Wait for the replies that are still owed, then leave the others on record."""
        self.sending = self.spoken = False
        replies = self.recorder.rows
        owing = [place for place in self.slots if place.state in (TALKING, DIALLING)]
        owed = owing
        while owed and self.clock() < until_ns:
            events = self.epoll.poll(DRAIN_POLL_S, BATCH)
            received_ns = self.clock()
            for fd, event in events:
                if (place := self.by_fd.get(fd)) is not None:
                    self.spoken = True
                    self.attend(place, event, received_ns)
            owed = [place for place in owed if place.state in (TALKING, DIALLING)]
        self.recorder.drained_ns = self.clock()
        self.facts.silent = (
            bool(owed)
            and self.plan.drain_s > 0
            and len(owed) == len(owing) == len(self.slots)
            and not self.spoken
            and replies == self.recorder.rows
        )
        for place in self.slots:
            self.lost(place)
        if not self.open_loop:
            return
        self.facts.due = self.due_in_window * self.requests
        while self.due_ns < self.recorder.close_ns:
            self.leave_unsent(self.due_ns, self.issued % len(self.slots), self.requests)
            self.due_ns += self.gaps[self.issued % len(self.gaps)]
            self.issued += 1

    def close(self) -> None:
        """Hang up all connections."""
        for place in list(self.by_fd.values()):
            self.forget(place)
        for sock in self.idle:
            sock.close()
        self.epoll.close()
