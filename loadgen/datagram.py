"""UDP: requests are known by their payload, so that loss, copies and order can be told apart."""

import select
import socket
from collections import deque

from loadgen.driver import BATCH, POLL_S, Facts, clock
from loadgen.paced import BURST, NEVER, POLL_NS, SPIN_NS
from loadgen.pacing import gaps_ns
from loadgen.payload import describe, ring
from loadgen.plan import Plan
from loadgen.recorder import Recorder
from loadgen.sockets import Dialer

# A closed loop waits this long for a reply before it takes it for lost and sends the next.
DEADLINE_NS = 200_000_000
RECEIVE_MAX = 65536


class Endpoint:
    """One connected UDP socket and the requests that it is owed replies to, by payload."""

    __slots__ = ("last", "owed", "slot", "sock")

    def __init__(self, slot: int, sock: socket.socket) -> None:
        """Start with none in flight."""
        self.slot = slot
        self.sock = sock
        self.owed: dict[bytes, int] = {}
        self.last = -1  # the highest request answered so far


class DatagramLoop:
    """Open or closed loop over UDP; a lost datagram never stalls it beyond the deadline."""

    def __init__(self, plan: Plan, connections: int) -> None:
        """Prepare; nothing is sent yet."""
        load = plan.load
        self.plan = plan
        self.recorder = Recorder(plan, connections)
        self.facts = Facts()
        self.ring = ring(load.payload_bytes, connections * load.depth * 16, plan.seed)
        self.number_of = {payload: number for number, payload in enumerate(self.ring)}
        self.row_mask = (1 << 62) - 1 if self.recorder.raw else self.recorder.capacity - 1
        self.most = min(load.max_in_flight or NEVER, self.recorder.capacity - BATCH)
        self.dialer = Dialer(plan.target)
        self.epoll = select.epoll()
        self.endpoints: dict[int, Endpoint] = {}
        self.turns: list[Endpoint] = []
        self.open_loop = load.rate is not None
        self.think_ns = load.think_us * 1000
        self.issued = self.turn = self.in_flight = self.close_ns = 0
        self.due_ns = NEVER
        self.last_reply_ns = 0
        self.agenda: deque[tuple[int, Endpoint]] = deque()
        self.deadlines: deque[tuple[int, int, Endpoint, bytes]] = deque()
        self.given_up: set[int] = set()  # places in the ring whose reply may still come
        self.slots = connections
        if load.rate is not None:
            self.gaps = gaps_ns(load.rate / plan.processes, load.arrivals, plan.seed)

    def connect(self, until_ns: int) -> None:
        """Open the sockets; UDP has nothing to wait for."""
        for slot in range(self.slots):
            sock, number = self.dialer.dial()
            if number:
                self.facts.error("refused", slot, f"connect: error {number}")
                sock.close()
                continue
            endpoint = Endpoint(slot, sock)
            self.endpoints[sock.fileno()] = endpoint
            self.turns.append(endpoint)
            self.epoll.register(sock.fileno(), select.EPOLLIN)

    def run(self, until_ns: int) -> None:
        """Drive the load until an instant."""
        if self.due_ns == NEVER and not self.issued:
            self.begin()
        self.close_ns = until_ns
        self.loop(until_ns)

    def begin(self) -> None:
        """Make the first requests due."""
        now = clock()
        if not self.turns:
            return
        if self.open_loop:
            self.due_ns = now + self.gaps[-1]
            return
        for endpoint in self.turns:
            for _ in range(self.plan.load.depth):
                self.agenda.append((now, endpoint))
        self.due_ns = now

    def loop(self, until_ns: int) -> None:
        """Send what is due, take what has come, until an instant."""
        while (now := clock()) < until_ns:
            for _ in range(BURST):
                if self.due_ns > now or self.in_flight >= self.most:
                    break
                self.issue()
            self.expire(now)
            next_ns = until_ns if self.in_flight >= self.most else min(self.due_ns, until_ns)
            wait_ns = next_ns - clock()
            if 0 < wait_ns < POLL_NS:
                continue
            timeout_s = min((wait_ns - SPIN_NS) / 1e9, POLL_S) if wait_ns > SPIN_NS else 0
            for fd, _ in self.epoll.poll(timeout_s, BURST):
                self.receive(self.endpoints[fd])
                if self.last_reply_ns >= self.due_ns and self.in_flight < self.most:
                    self.issue()

    def issue(self) -> None:
        """Send the request that is due."""
        number, due_ns = self.issued, self.due_ns
        self.issued = number + 1
        row = number & self.row_mask
        if self.open_loop:
            endpoint = self.turns[self.turn]
            self.turn = (self.turn + 1) % len(self.turns)
            self.due_ns = due_ns + self.gaps[number % len(self.gaps)]
        else:
            _, endpoint = self.agenda.popleft()
            self.due_ns = self.agenda[0][0] if self.agenda else NEVER
        payload = self.ring[number % len(self.ring)]
        recorder = self.recorder
        recorder.intended[row], recorder.slot[row], recorder.received[row] = (
            due_ns,
            endpoint.slot,
            0,
        )
        if (older := endpoint.owed.pop(payload, None)) is not None:
            self.leave(older)  # the ring has come round: it will not be told from this one
        endpoint.owed[payload] = number
        self.in_flight += 1
        sent_ns = recorder.sent[row] = clock()
        try:
            endpoint.sock.send(payload)
        except OSError as error:
            if not isinstance(error, BlockingIOError):
                self.facts.error("refused", endpoint.slot, error.strerror or str(error))
        if not self.open_loop or self.most < NEVER:
            self.deadlines.append((sent_ns + DEADLINE_NS, number, endpoint, payload))

    def expire(self, now: int) -> None:
        """Take what is past its deadline for lost; in closed loop its connection goes on."""
        while self.deadlines and self.deadlines[0][0] <= now:
            _, number, endpoint, payload = self.deadlines.popleft()
            if endpoint.owed.get(payload) == number:
                del endpoint.owed[payload]
                self.leave(number)
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
            self.facts.error("refused", endpoint.slot, error.strerror or str(error))
            return
        received_ns = self.last_reply_ns = clock()
        number = endpoint.owed.pop(data, None)
        if number is None:
            self.unexpected(endpoint, data)
            return
        row = number & self.row_mask
        recorder = self.recorder
        recorder.received[row] = received_ns
        self.in_flight -= 1
        if number < endpoint.last and recorder.open_ns:
            self.facts.reordered += 1
            self.facts.note("reordered", endpoint.slot, f"request {number} after {endpoint.last}")
        endpoint.last = max(endpoint.last, number)
        if not recorder.raw:
            recorder.count_reply(
                recorder.intended[row], recorder.sent[row], received_ns, endpoint.slot
            )
        if not self.open_loop:
            self.make_due(received_ns + self.think_ns, endpoint)

    def unexpected(self, endpoint: Endpoint, data: bytes) -> None:
        """Tell a copy or a late reply from bytes that were never sent."""
        sent = self.number_of.get(data)
        if sent is None:
            latest = next(reversed(endpoint.owed), self.ring[0])
            detail = describe(latest, data, self.ring)
            self.facts.mismatch("wrong-bytes", endpoint.slot, detail)
        elif sent in self.given_up:
            self.given_up.discard(sent)
            self.facts.late += bool(self.recorder.open_ns)
        elif self.recorder.open_ns:
            self.facts.duplicated += 1
            self.facts.note("duplicated", endpoint.slot, f"payload {sent} came again")

    def leave(self, number: int) -> None:
        """Put one request on record as unanswered."""
        row = number & self.row_mask
        recorder = self.recorder
        recorder.leave(recorder.intended[row], recorder.sent[row], recorder.slot[row])
        self.in_flight -= 1
        self.given_up.add(number % len(self.ring))

    def drain(self, until_ns: int) -> None:
        """Wait for what is outstanding; what does not come is lost."""
        while self.in_flight > 0 and clock() < until_ns:
            for fd, _ in self.epoll.poll(0.005, BATCH):
                self.receive(self.endpoints[fd])
        owed = any(endpoint.owed for endpoint in self.turns)
        self.facts.silent = owed and self.last_reply_ns < self.close_ns - DEADLINE_NS
        for endpoint in self.turns:
            for number in endpoint.owed.values():
                self.leave(number)
        while self.due_ns < self.close_ns and self.open_loop:
            self.recorder.leave(self.due_ns, 0, self.turns[self.turn].slot)
            self.turn = (self.turn + 1) % len(self.turns)
            self.due_ns += self.gaps[self.issued % len(self.gaps)]
            self.issued += 1
        self.recorder.rows = min(self.issued, self.recorder.capacity) if self.recorder.raw else 0

    def close(self) -> None:
        """Close the sockets."""
        for endpoint in self.turns:
            endpoint.sock.close()
        self.epoll.close()
