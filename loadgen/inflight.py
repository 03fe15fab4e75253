"""Several requests in flight on a connection: sent or put off, answered in their order, or lost."""

from collections import deque

from loadgen.connection import DEAD, READ, TALKING, WRITE, Connection
from loadgen.driver import REAL, System
from loadgen.ledger import Ledger, MixtureLedger, rows_for
from loadgen.plan import Plan
from loadgen.schedule import Agenda, Arrivals
from loadgen.sockets import Dialer
from loadgen.stream import StreamDriver

RECEIVE_LEAST = 4096


class PacedConnection(Connection):
    """A connection with requests in flight, and requests that could not be sent yet."""

    __slots__ = ("pending", "queue")

    def __init__(self, slot: int) -> None:
        """Start with none."""
        super().__init__(slot)
        self.queue: deque[int] = deque()
        self.pending: deque[int] = deque()


class InFlightDriver(StreamDriver[PacedConnection]):
    """What becomes of a request once it is due.

    A request is a number; its times while it is in flight lie at that number in the ledger, and so
    does its payload (each modulo their length). A reply in closed loop makes one more request due
    on its connection, after the think time.

    arrivals: what is due in open loop; None in closed loop, where the agenda says it
    """

    def __init__(
        self, plan: Plan, connections: int, dialer: Dialer | None = None, system: System = REAL
    ) -> None:
        """Prepare; nothing is connected yet."""
        super().__init__(plan, connections, dialer, system)
        load = plan.load
        self.think_ns = load.think_us * 1000
        self.payload_mask = len(self.ring) - 1
        rows = rows_for(plan, connections)
        self.ledger = Ledger(plan, self.recorder, rows)
        if plan.mixture:
            self.ledger = MixtureLedger(plan, self.recorder, rows, self.ring)
        # With work in open loop: what is due takes a connection that rests, as clients do that have
        # a pool of them.
        self.one_at_a_time = bool(plan.marked) and load.rate is not None
        self.waiting_for_one: deque[int] = deque()
        self.rested: dict[int, PacedConnection] = {}  # since their last reply, at most
        self.arrivals: Arrivals[PacedConnection] | None = None
        self.agenda: Agenda[PacedConnection] = Agenda()
        if load.rate is not None:
            self.arrivals = Arrivals(plan, load.rate, self.slots)
        self.begun = False
        self.next_number = 0
        self.room = min(max(RECEIVE_LEAST, 16 * self.size), 256 * 1024)

    def make_connection(self, slot: int) -> PacedConnection:
        """Return a place that keeps its requests."""
        return PacedConnection(slot)

    def place(self, connection: PacedConnection, due_ns: int) -> None:
        """Put a request on a connection: sent at once, or behind what it cannot take yet."""
        place = self.ledger.enter(self.next_number, due_ns)
        self.next_number = place + 1
        if self.one_at_a_time and not _rests(connection):
            resting = self.resting()
            if resting is None:
                self.waiting_for_one.append(place)
                return
            connection = resting
        ready = connection.state is TALKING and connection.left != 0
        if ready and not connection.pending and not connection.unsent:
            self.send(connection, place)
        else:
            self.put_off(connection, place)

    def resting(self) -> PacedConnection | None:
        """Return a connection that can take a request at once; None while all are busy."""
        while self.rested:
            _, connection = self.rested.popitem()
            if _rests(connection):
                return connection
        return None

    def put_off(self, connection: PacedConnection, place: int) -> None:
        """Let a request wait for its connection; on one that is gone for good it is never sent."""
        self.ledger.sent[place] = 0
        if connection.state is DEAD and self.keeps and self.arrivals is not None:
            self.ledger.unanswered(place, connection.slot)
        else:
            connection.pending.append(place)

    def send(self, connection: PacedConnection, place: int) -> bool:
        """Send one request; return whether the connection can take another."""
        payload = self.ring[place & self.payload_mask]
        self.ledger.sent[place] = self.clock()
        try:
            accepted = self.system.write(connection.fd, payload)
        except OSError as error:
            self.not_taken(connection, place, error)
            return False
        connection.queue.append(place)
        connection.left -= 1
        if accepted < self.size:
            self.keep_rest(connection, payload, accepted)
            return False
        return connection.left != 0

    def not_taken(self, connection: PacedConnection, place: int, error: OSError) -> None:
        """Take a failed send: the request waits, or is lost with its connection."""
        if isinstance(error, BlockingIOError):
            self.ledger.sent[place] = 0
            connection.pending.appendleft(place)
            self.epoll.modify(connection.fd, READ | WRITE)
        else:
            connection.queue.append(place)
            self.broke(connection, error)

    def keep_rest(self, connection: PacedConnection, payload: bytes, accepted: int) -> None:
        """Send the rest of a request when the socket can take it."""
        connection.unsent = memoryview(payload)[accepted:]
        self.epoll.modify(connection.fd, READ | WRITE)

    def broke(self, connection: PacedConnection, error: OSError) -> None:
        """Take an error of a socket."""
        if not isinstance(error, BlockingIOError):
            self.fail(connection, "reset", error.errno)

    def replied(self, connection: PacedConnection, received_ns: int) -> None:
        """Record the reply to the oldest request in flight on a connection."""
        place = connection.queue.popleft()
        if received_ns < self.ledger.sent[place]:
            # The look found an older reply; this one came since, while others were handled.
            received_ns = self.clock()
        self.ledger.answered(place, received_ns, connection.slot)
        connection.got = 0
        if self.arrivals is None and self.sending:
            self.ask_again(connection, received_ns)
        if connection.left == 0 and not connection.queue:
            self.hang_up(connection)
        elif self.one_at_a_time:
            self.take_one_that_waits(connection)

    def take_one_that_waits(self, connection: PacedConnection) -> None:
        """Send what has waited longest for a connection, or let this one rest."""
        if self.waiting_for_one and self.sending and _rests(connection):
            self.send(connection, self.waiting_for_one.popleft())
        else:
            self.rested[connection.slot] = connection

    def ask_again(self, connection: PacedConnection, now_ns: int) -> None:
        """Place the next request of a connection of a closed loop, or put it on the agenda."""
        if self.think_ns:
            self.agenda.put(now_ns + self.think_ns, connection)
        else:
            self.place(connection, now_ns)

    def take(self, connection: PacedConnection, data: bytes, received_ns: int) -> None:
        """Take a receive that was not simply the whole reply."""
        if data:
            self.heard(connection, data, received_ns)
        else:
            self.ended(connection, data)

    def heard(self, connection: PacedConnection, data: bytes, received_ns: int) -> None:
        """Take parts of replies, several replies at once, or what should not have come."""
        at = 0
        while at < len(data):
            if not connection.queue:
                self.surplus(connection, data[at:])
                return
            payload = self.ring[connection.queue[0] & self.payload_mask]
            part = data[at : at + self.size - connection.got]
            if not payload.startswith(part, connection.got):
                self.wrong(connection, payload, payload[: connection.got] + part)
                return
            at += len(part)
            connection.got += len(part)
            if connection.got == self.size:
                self.replied(connection, received_ns)

    def writable(self, connection: PacedConnection) -> None:
        """Go on with what did not fit, then with what waits behind it."""
        if connection.unsent:
            sent = self.system.write(connection.fd, connection.unsent)
            connection.unsent = connection.unsent[sent:]
            if connection.unsent:
                return
        self.epoll.modify(connection.fd, READ)
        self.flush(connection)

    def opened(self, connection: PacedConnection) -> None:
        """Send what has waited for the connection."""
        if self.begun:
            self.flush(connection)
        if self.one_at_a_time:
            self.take_one_that_waits(connection)

    def flush(self, connection: PacedConnection) -> None:
        """Send pending requests while the connection takes them."""
        while self.sending and connection.pending and connection.left != 0:
            if not self.send(connection, connection.pending.popleft()):
                break

    def lost(self, connection: PacedConnection) -> None:
        """Leave what was in flight on record as unanswered; what was never sent stays pending."""
        given_up = list(connection.queue)
        connection.queue.clear()
        if self.keeps and self.arrivals is not None:  # nor is what waits behind it ever sent
            given_up += connection.pending
            connection.pending.clear()
        connection.state = DEAD
        for place in given_up:
            self.ledger.unanswered(place, connection.slot)
            if self.sending and self.arrivals is None and not self.keeps:
                self.ask_again(connection, self.clock())

    def outstanding(self, connection: PacedConnection) -> bool:
        """Return whether a connection is owed a reply."""
        return bool(connection.queue)


def _rests(connection: PacedConnection) -> bool:
    """Tell if a connection can take a request and has none."""
    busy = connection.queue or connection.pending or connection.unsent
    return connection.state is TALKING and connection.left != 0 and not busy
