"""UDP: requests are known by their payload, so that loss, copies and order can be told apart."""

import errno
import select
import socket
from collections import deque

from loadgen.driver import BATCH, POLL_S, REAL, Facts, System, empty_poll_ns
from loadgen.paced import BURST, POLL_MARGIN, SPIN_NS
from loadgen.pacing import Schedule, drawn, gaps_ns, turns
from loadgen.payload import describe, ring
from loadgen.plan import Plan
from loadgen.recorder import NEVER, RING_ROWS, Recorder, Reserve
from loadgen.sockets import Dialer, connected_to_itself
from loadgen.stream import DRAIN_POLL_S

# A closed loop waits this long for a reply before it takes it for lost and sends the next, or, for
# a server that is slower than that, this many times the longest that it has waited for one. The
# kernel's own TCP takes a segment for lost after 200 ms at the earliest (TCP_RTO_MIN).
DEADLINE_NS = 200_000_000
DEADLINE_TIMES = 4
RECEIVE_MAX = 65536


class Endpoint:
    """One connected UDP socket and the requests that it is owed replies to, by payload."""

    __slots__ = ("last", "owed", "slot", "sock")

    def __init__(self, slot: int, sock: socket.SocketType) -> None:
        """Start with none in flight."""
        self.slot = slot
        self.sock = sock
        self.owed: dict[bytes, int] = {}
        self.last = -1  # the highest request answered so far


class DatagramLoop:
    """Open or closed loop over UDP; a lost datagram never stalls it beyond the deadline."""

    def __init__(
        self, plan: Plan, connections: int, dialer: Dialer | None = None, system: System = REAL
    ) -> None:
        """Prepare; nothing is sent yet."""
        load = plan.load
        self.plan = plan
        self.clock = system.clock
        self.recorder = Recorder(plan, connections, clock=self.clock)
        self.facts = Facts()
        self.ring = ring(load.payload_bytes, connections * load.depth * 16, plan.seed)
        self.number_of = {payload: number for number, payload in enumerate(self.ring)}
        # Of each request in flight, at its place: when it was due, when it was sent, its number.
        self.row_mask = RING_ROWS - 1
        self.intended, self.sent = Reserve(RING_ROWS).column, Reserve(RING_ROWS).column
        self.number = Reserve(RING_ROWS).column
        self.most = min(load.max_in_flight or NEVER, RING_ROWS - BATCH)
        self.dialer = dialer or Dialer(plan)
        self.epoll = system.epoll()
        self.spins = plan.wait == "spin"
        self.endpoints: dict[int, Endpoint] = {}
        self.turns: list[Endpoint] = []
        self.open_loop = load.rate is not None
        self.think_ns = load.think_us * 1000
        self.issued = self.turn = self.in_flight = self.close_ns = 0
        self.due_ns = NEVER
        self.last_reply_ns = self.longest_ns = 0
        self.agenda: deque[tuple[int, Endpoint]] = deque()
        self.deadlines: deque[tuple[int, int, Endpoint, bytes]] = deque()
        self.given_up: set[int] = set()  # places in the ring whose reply may still come
        self.slots = connections
        self.poll_ns = POLL_MARGIN * empty_poll_ns(self.epoll, self.clock)
        if load.rate is not None:
            share = load.rate / plan.processes
            count = drawn(share * (plan.warmup_s + plan.duration_s))
            self.gaps = gaps_ns(share, load.arrivals, plan.seed, count)
            self.picks = turns(connections, load.assignment, plan.seed, count)

    def connect(self, until_ns: int) -> None:
        """Open the sockets; UDP has nothing to wait for."""
        for slot in range(self.slots):
            sock, number = self.dialer.dial()
            if sock is not None and not number and connected_to_itself(sock):
                number = errno.ECONNREFUSED
            if number or sock is None:
                self.facts.failed("refused", slot, number)
                if sock is not None:
                    sock.close()
                continue
            endpoint = Endpoint(slot, sock)
            self.endpoints[sock.fileno()] = endpoint
            self.turns.append(endpoint)
            self.epoll.register(sock.fileno(), select.EPOLLIN)
        if self.open_loop and self.turns:
            self.turns = [self.turns[number % len(self.turns)] for number in self.picks]

    def run(self, until_ns: int) -> None:
        """Drive the load until an instant."""
        if self.due_ns == NEVER and not self.issued:
            self.begin()
        self.close_ns = until_ns
        self.loop(until_ns)

    def begin(self) -> None:
        """Make the first requests due."""
        now = self.clock()
        if not self.turns:
            return
        if self.open_loop:
            self.due_ns = self.recorder.start_ns + self.gaps[-1]
            schedule = Schedule(self.gaps, self.due_ns)
            window = (self.recorder.open_ns, self.recorder.close_ns)
            self.due_in_window = schedule.between(*window)
            return
        for endpoint in self.turns:
            for _ in range(self.plan.load.depth):
                self.agenda.append((now, endpoint))
        self.due_ns = now

    def loop(self, until_ns: int) -> None:
        """Send what is due, take what has come, until an instant."""
        polls = full = idle = idle_ns = 0
        looked_ns = self.clock()
        while (now := self.clock()) < until_ns:
            for _ in range(BURST):
                if self.due_ns > now or self.in_flight >= self.most:
                    break
                self.issue()
            self.expire(now)
            next_ns = until_ns if self.in_flight >= self.most else min(self.due_ns, until_ns)
            wait_ns = next_ns - self.clock()
            if 0 < wait_ns < self.poll_ns:
                continue
            events = self.epoll.poll(self.timeout_s(wait_ns), BURST)
            polls += 1
            if not events:
                idle_ns += now - looked_ns if idle else 0
                looked_ns, idle = now, 1
                continue
            idle = 0
            full += len(events) >= min(BURST, len(self.endpoints))
            for fd, _ in events:
                self.receive(self.endpoints[fd])
                if self.last_reply_ns >= self.due_ns and self.in_flight < self.most:
                    self.issue()
        self.facts.looked(polls, full, idle_ns)

    def timeout_s(self, wait_ns: int) -> float:
        """Return how long a poll may sleep, with so long to the next send."""
        if self.spins or wait_ns <= SPIN_NS:
            return 0
        return min((wait_ns - SPIN_NS) / 1e9, POLL_S)

    def issue(self) -> None:
        """Send the request that is due."""
        number, due_ns = self.issued, self.due_ns
        self.issued = number + 1
        place = number & self.row_mask
        while self.intended[place]:
            place = (place + 1) & self.row_mask
        if self.open_loop:
            endpoint = self.turns[self.turn]
            self.turn = (self.turn + 1) % len(self.turns)
            self.due_ns = due_ns + self.gaps[number % len(self.gaps)]
        else:
            _, endpoint = self.agenda.popleft()
            self.due_ns = self.agenda[0][0] if self.agenda else NEVER
        payload = self.ring[number % len(self.ring)]
        if (older := endpoint.owed.pop(payload, None)) is not None:
            self.leave(endpoint, older)  # the ring has come round: it will not be told from this
        endpoint.owed[payload] = place
        self.intended[place], self.number[place] = due_ns, number
        self.in_flight += 1
        sent_ns = self.sent[place] = self.clock()
        try:
            endpoint.sock.send(payload)
        except OSError as error:
            if not isinstance(error, BlockingIOError):
                self.facts.failed("refused", endpoint.slot, error.errno)
        if not self.open_loop or self.most < RING_ROWS - BATCH:
            deadline_ns = max(DEADLINE_NS, DEADLINE_TIMES * self.longest_ns)
            self.deadlines.append((sent_ns + deadline_ns, place, endpoint, payload))

    def expire(self, now: int) -> None:
        """Take what is past its deadline for lost; in closed loop its connection goes on."""
        while self.deadlines and self.deadlines[0][0] <= now:
            _, place, endpoint, payload = self.deadlines.popleft()
            if endpoint.owed.get(payload) == place:
                del endpoint.owed[payload]
                self.leave(endpoint, place)
                if not self.open_loop:
                    self.make_due(now, endpoint)

    def make_due(self, due_ns: int, endpoint: Endpoint) -> None:
        """Put a request on the agenda."""
        self.agenda.append((due_ns, endpoint))
        self.due_ns = self.agenda[0][0]

    def receive(self, endpoint: Endpoint) -> None:
        """Take one datagram."""
        try:
            data = endpoint.sock.recv(RECEIVE_MAX)
        except BlockingIOError:
            return
        except OSError as error:
            self.facts.failed("refused", endpoint.slot, error.errno)
            return
        received_ns = self.last_reply_ns = self.clock()
        place = endpoint.owed.pop(data, None)
        if place is None:
            self.unexpected(endpoint, data)
            return
        number, sent_ns = self.number[place], self.sent[place]
        self.recorder.add(self.intended[place], sent_ns, received_ns, endpoint.slot)
        self.intended[place] = 0
        self.in_flight -= 1
        self.longest_ns = max(self.longest_ns, received_ns - sent_ns)
        if number < endpoint.last and self.in_window:
            self.facts.reordered += 1
            self.facts.note("reordered", endpoint.slot, f"request {number} after {endpoint.last}")
        endpoint.last = max(endpoint.last, number)
        if not self.open_loop:
            self.make_due(received_ns + self.think_ns, endpoint)

    @property
    def in_window(self) -> bool:
        """Tell if the window has opened; what happened in the warm-up is not counted."""
        return self.clock() >= self.recorder.open_ns

    def unexpected(self, endpoint: Endpoint, data: bytes) -> None:
        """Tell a copy or a late reply from bytes that were never sent."""
        sent = self.number_of.get(data)
        if sent is None:
            latest = next(reversed(endpoint.owed), self.ring[0])
            detail = describe(latest, data, self.ring)
            self.facts.mismatch("wrong-bytes", endpoint.slot, detail)
        elif sent in self.given_up:
            self.given_up.discard(sent)
            self.facts.late += self.in_window
        elif self.in_window:
            self.facts.duplicated += 1
            self.facts.note("duplicated", endpoint.slot, f"payload {sent} came again")

    def leave(self, endpoint: Endpoint, place: int) -> None:
        """Put one request on record as unanswered."""
        self.recorder.leave(self.intended[place], self.sent[place], endpoint.slot)
        self.intended[place] = 0
        self.in_flight -= 1
        self.given_up.add(self.number[place] % len(self.ring))

    def drain(self, until_ns: int) -> None:
        """Wait for what is outstanding; what does not come is lost."""
        while self.in_flight > 0 and self.clock() < until_ns:
            for fd, _ in self.epoll.poll(DRAIN_POLL_S, BATCH):
                self.receive(self.endpoints[fd])
        self.recorder.drained_ns = self.clock()
        endpoints = list(self.endpoints.values())
        owed = any(endpoint.owed for endpoint in endpoints)
        self.facts.silent = owed and self.last_reply_ns < self.close_ns - DEADLINE_NS
        for endpoint in endpoints:
            for place in endpoint.owed.values():
                self.leave(endpoint, place)
        if not self.open_loop or not self.turns:
            return
        self.facts.due = self.due_in_window
        while self.due_ns < self.close_ns:
            self.recorder.leave(self.due_ns, 0, self.turns[self.turn].slot)
            self.turn = (self.turn + 1) % len(self.turns)
            self.due_ns += self.gaps[self.issued % len(self.gaps)]
            self.issued += 1

    def close(self) -> None:
        """Close the sockets."""
        for endpoint in self.endpoints.values():
            endpoint.sock.close()
        self.epoll.close()
