"""UDP: requests are known by their payload, so that loss, copies and order can be told apart."""

import errno
import select
import socket
from collections import deque

from loadgen.connection import DRAIN_POLL_S
from loadgen.driver import BATCH, REAL, Facts, System, empty_poll_ns
from loadgen.ledger import Ledger
from loadgen.paced import BURST
from loadgen.pacing import POLL_MARGIN, pause
from loadgen.payload import describe, ring
from loadgen.plan import Plan
from loadgen.recorder import RING_ROWS, Recorder, Reserve
from loadgen.schedule import Agenda, Arrivals
from loadgen.sockets import Dialer, connected_to_itself

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
        self.ledger = Ledger(plan, self.recorder)
        self.number = Reserve(RING_ROWS).column  # of each request in flight, at its place
        self.dialer = dialer or Dialer(plan)
        self.epoll = system.epoll()
        self.spins = plan.wait == "spin"
        self.endpoints: dict[int, Endpoint] = {}
        self.think_ns = load.think_us * 1000
        self.begun = False
        self.issued = self.close_ns = 0
        self.last_reply_ns = self.longest_ns = 0
        self.arrivals: Arrivals[Endpoint] | None = None
        self.agenda: Agenda[Endpoint] = Agenda()
        self.deadlines: deque[tuple[int, int, Endpoint, bytes]] = deque()
        self.given_up: set[int] = set()  # places in the ring whose reply may still come
        self.slots = connections
        self.poll_ns = POLL_MARGIN * empty_poll_ns(self.epoll, self.clock)

    @property
    def schedule(self) -> Arrivals[Endpoint] | Agenda[Endpoint]:
        """Return what says which request is due next, and on which socket."""
        return self.arrivals or self.agenda

    def connect(self, until_ns: int) -> None:  # noqa: ARG002  # as every driver's
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
            self.epoll.register(sock.fileno(), select.EPOLLIN)
        rate = self.plan.load.rate
        if rate is not None:
            self.arrivals = Arrivals(self.plan, rate, list(self.endpoints.values()))

    def run(self, until_ns: int) -> None:
        """Drive the load until an instant."""
        if not self.begun:
            self.begun = True
            self.begin()
        self.close_ns = until_ns
        self.loop(until_ns)

    def begin(self) -> None:
        """Make the first requests due."""
        recorder = self.recorder
        if self.arrivals is not None:
            if self.endpoints:
                self.arrivals.begin(recorder.start_ns, recorder.open_ns, recorder.close_ns)
            return
        now = self.clock()
        for endpoint in self.endpoints.values():
            for _ in range(self.plan.load.depth):
                self.agenda.put(now, endpoint)

    def loop(self, until_ns: int) -> None:
        """Send what is due, take what has come, until an instant."""
        schedule, ledger = self.schedule, self.ledger
        polls = full = idle = idle_ns = 0
        looked_ns = self.clock()
        while (now := self.clock()) < until_ns:
            for _ in range(BURST):
                if schedule.due_ns > now or ledger.full:
                    break
                self.issue()
            self.expire(now)
            next_ns = until_ns if ledger.full else min(schedule.due_ns, until_ns)
            timeout_s = pause(next_ns - self.clock(), self.poll_ns, not self.spins)
            if timeout_s is None:
                continue
            events = self.epoll.poll(timeout_s, BURST)
            polls += 1
            if not events:
                idle_ns += now - looked_ns if idle else 0
                looked_ns, idle = now, 1
                continue
            idle = 0
            full += len(events) >= min(BURST, len(self.endpoints))
            for fd, _ in events:
                self.receive(self.endpoints[fd])
                if self.last_reply_ns >= schedule.due_ns and not ledger.full:
                    self.issue()
        self.facts.looked(polls, full, idle_ns)

    def issue(self) -> None:
        """Send the request that is due."""
        number, due_ns = self.issued, self.schedule.due_ns
        self.issued = number + 1
        endpoint = self.schedule.take()
        payload = self.ring[number % len(self.ring)]
        if (older := endpoint.owed.pop(payload, None)) is not None:
            self.leave(endpoint, older)  # the ring has come round: it will not be told from this
        endpoint.owed[payload] = place = self.ledger.enter(number, due_ns)
        self.number[place] = number
        sent_ns = self.ledger.sent[place] = self.clock()
        try:
            endpoint.sock.send(payload)
        except OSError as error:
            if not isinstance(error, BlockingIOError):
                self.facts.failed("refused", endpoint.slot, error.errno)
        # Without a bound nothing waits for a reply in open loop: what is lost is told at the end.
        if self.arrivals is None or self.plan.load.max_in_flight is not None:
            deadline_ns = max(DEADLINE_NS, DEADLINE_TIMES * self.longest_ns)
            self.deadlines.append((sent_ns + deadline_ns, place, endpoint, payload))

    def expire(self, now: int) -> None:
        """Take what is past its deadline for lost; in closed loop its connection goes on."""
        while self.deadlines and self.deadlines[0][0] <= now:
            _, place, endpoint, payload = self.deadlines.popleft()
            if endpoint.owed.get(payload) == place:
                del endpoint.owed[payload]
                self.leave(endpoint, place)
                if self.arrivals is None:
                    self.agenda.put(now, endpoint)

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
        number, sent_ns = self.number[place], self.ledger.sent[place]
        self.ledger.answered(place, received_ns, endpoint.slot)
        self.longest_ns = max(self.longest_ns, received_ns - sent_ns)
        if number < endpoint.last and self.in_window:
            self.facts.reordered += 1
            self.facts.note("reordered", endpoint.slot, f"request {number} after {endpoint.last}")
        endpoint.last = max(endpoint.last, number)
        if self.arrivals is None:
            self.agenda.put(received_ns + self.think_ns, endpoint)

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
        self.ledger.unanswered(place, endpoint.slot)
        self.given_up.add(self.number[place] % len(self.ring))

    def drain(self, until_ns: int) -> None:
        """Wait for what is outstanding; what does not come is lost."""
        while self.ledger.in_flight > 0 and self.clock() < until_ns:
            for fd, _ in self.epoll.poll(DRAIN_POLL_S, BATCH):
                self.receive(self.endpoints[fd])
        self.recorder.drained_ns = self.clock()
        endpoints = list(self.endpoints.values())
        owed = any(endpoint.owed for endpoint in endpoints)
        self.facts.silent = owed and self.last_reply_ns < self.close_ns - DEADLINE_NS
        for endpoint in endpoints:
            for place in endpoint.owed.values():
                self.leave(endpoint, place)
        if self.arrivals is not None:
            self.facts.due = self.arrivals.in_window
            for due_ns, endpoint in self.arrivals.rest(self.close_ns):
                self.recorder.leave(due_ns, 0, endpoint.slot)

    def close(self) -> None:
        """Close the sockets."""
        for endpoint in self.endpoints.values():
            endpoint.sock.close()
        self.epoll.close()
