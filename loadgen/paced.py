"""Requests that fall due: an open loop's schedule, think time, several in flight at once."""

from collections import deque

from loadgen.driver import BATCH, POLL_S, REAL, System, empty_poll_ns
from loadgen.pacing import Schedule, drawn, gaps_ns, turns
from loadgen.plan import Plan
from loadgen.recorder import NEVER, RING_ROWS
from loadgen.sockets import Dialer
from loadgen.stream import DEAD, READ, TALKING, WRITE, Connection, StreamDriver

# A generator that sleeps wakes before a send by the 1 ms to which epoll rounds its timeout up, and
# half of that for the waking itself: nearer than this, it spins.
SPIN_NS = 1_500_000
# A look that finds nothing fits in before a send that is this many times its own length away.
POLL_MARGIN = 3
# Sends in a row while behind the schedule, and events taken at once.
BURST = 16
RECEIVE_LEAST = 4096


class PacedConnection(Connection):
    """A connection with requests in flight, and requests that could not be sent yet."""

    __slots__ = ("pending", "queue")

    def __init__(self, slot: int) -> None:
        """Start with none."""
        super().__init__(slot)
        self.queue: deque[int] = deque()
        self.pending: deque[int] = deque()


class PacedLoop(StreamDriver[PacedConnection]):
    """Sends at due times, whatever the server does.

    A request is a number; its times while it is in flight lie at that number, and so does its
    payload (each modulo their length). In open loop the schedule says what is due, and whose turn
    it is. In closed loop each reply makes one more request due on its connection, after the think
    time.
    """

    def __init__(
        self, plan: Plan, connections: int, dialer: Dialer | None = None, system: System = REAL
    ) -> None:
        """Prepare; nothing is connected yet."""
        super().__init__(plan, connections, dialer, system)
        load = plan.load
        self.open_loop = load.rate is not None
        self.think_ns = load.think_us * 1000
        self.payload_mask = len(self.ring) - 1
        bounded = 2 * connections * load.depth
        if load.rate is not None:
            bounded = int(load.rate / plan.processes * (plan.warmup_s + plan.duration_s) * 2)
        rows = min(RING_ROWS, 1 << max(10, bounded.bit_length()))
        self.row_mask = rows - 1
        # Lists: written and read for every request, three times as fast as columns.
        self.intended, self.sent = [0] * rows, [0] * rows
        self.most = min(load.max_in_flight or NEVER, rows - (BATCH if self.open_loop else 0))
        self.begun = False
        self.issued = self.turn = self.in_flight = self.close_ns = self.next_place = 0
        self.due_ns = NEVER
        self.agenda: deque[tuple[int, PacedConnection]] = deque()  # closed loop: due_ns, connection
        self.room = min(max(RECEIVE_LEAST, 16 * self.size), 256 * 1024)
        self.poll_ns = POLL_MARGIN * empty_poll_ns(self.epoll, self.clock)
        if load.rate is not None:
            share = load.rate / plan.processes
            count = drawn(share * (plan.warmup_s + plan.duration_s))
            self.gaps = gaps_ns(share, load.arrivals, plan.seed, count)
            self.gap_mask = count - 1
            order = turns(connections, load.assignment, plan.seed, count)
            self.order = [self.slots[number] for number in order]

    def make_connection(self, slot: int) -> PacedConnection:
        """Return a place that keeps its requests."""
        return PacedConnection(slot)

    def run(self, until_ns: int) -> None:
        """Drive the load until an instant."""
        if not self.begun:
            self.begun = True
            self.begin()
        self.close_ns = until_ns
        self.loop(until_ns)

    def begin(self) -> None:
        """Make the first requests due."""
        if self.open_loop:
            self.due_ns = self.recorder.start_ns + self.gaps[-1]
            schedule = Schedule(self.gaps, self.due_ns)
            self.due_in_window = schedule.between(self.recorder.open_ns, self.recorder.close_ns)
            return
        now = self.clock()
        self.agenda.extend(
            (now, connection) for connection in self.slots for _ in range(self.plan.load.depth)
        )
        self.due_ns = now

    def loop(self, until_ns: int) -> None:
        """Send what is due, take what has come, until an instant."""
        poll, by_fd, ring, now_ns = self.epoll.poll, self.by_fd, self.ring, self.clock
        mask, room, read = self.payload_mask, self.room, self.system.read
        polls = full = idle = idle_ns = 0
        looked_ns = now_ns()
        while (now := now_ns()) < until_ns:
            for _ in range(BURST):
                if self.due_ns > now or self.in_flight >= self.most:
                    break
                self.issue()
            next_ns = until_ns if self.in_flight >= self.most else min(self.due_ns, until_ns)
            wait_ns = next_ns - now_ns()
            if 0 < wait_ns < self.poll_ns:
                continue
            # Every event that is taken is handled: the kernel turns the others to the front.
            events = poll(self.timeout_s(wait_ns), BURST)
            received = now_ns()
            polls += 1
            if not events:
                idle_ns += received - looked_ns if idle else 0
                looked_ns, idle = received, 1
            else:
                idle = 0
                full += len(events) >= BURST
            for fd, event in events:
                if (connection := by_fd.get(fd)) is None:
                    continue
                if event == READ and connection.state is TALKING:
                    try:
                        data = read(fd, room)
                    except OSError as error:
                        self.broke(connection, error)
                        continue
                    queue = connection.queue
                    if queue and not connection.got and data == ring[queue[0] & mask]:
                        self.replied(connection, received)
                    else:
                        self.take(connection, data, received)
                else:
                    self.attend(connection, event)
                if self.due_ns <= now_ns() and self.in_flight < self.most:
                    self.issue()  # what is due does not wait for the rest of the events
            if self.waiting:
                self.redial_waiting()
        self.facts.looked(polls, full, idle_ns)

    def timeout_s(self, wait_ns: int) -> float:
        """Return how long a poll may sleep, with so long to the next send."""
        if not self.poll_s or wait_ns <= SPIN_NS:
            return 0
        return min((wait_ns - SPIN_NS) / 1e9, POLL_S)

    def issue(self) -> None:
        """Place the request that is due, and find out when the next one is."""
        due_ns = self.due_ns
        if self.open_loop:
            turn = self.turn
            connection = self.order[turn]
            turn += 1
            self.turn = turn if turn < len(self.order) else 0
            self.due_ns = due_ns + self.gaps[self.issued & self.gap_mask]
            self.issued += 1
        else:
            _, connection = self.agenda.popleft()
            self.due_ns = self.agenda[0][0] if self.agenda else NEVER
        self.place(connection, due_ns)

    def place(self, connection: PacedConnection, due_ns: int) -> None:
        """Put a request on a connection: sent at once, or behind what it cannot take yet."""
        place = self.free_place(self.next_place & self.row_mask)
        self.next_place = place + 1
        self.intended[place] = due_ns
        self.sent[place] = 0
        self.in_flight += 1
        ready = connection.state is TALKING and connection.left != 0
        if ready and not connection.pending and not connection.unsent:
            self.send(connection, place)
        else:
            self.put_off(connection, place)

    def put_off(self, connection: PacedConnection, place: int) -> None:
        """Let a request wait for its connection; on one that is gone for good it is never sent."""
        self.sent[place] = 0
        if connection.state is DEAD and self.keeps and self.open_loop:
            self.leave(connection, place)
        else:
            connection.pending.append(place)

    def free_place(self, place: int) -> int:
        """Return the next place that no request in flight has; there is one."""
        while self.intended[place]:
            place = (place + 1) & self.row_mask
        return place

    def send(self, connection: PacedConnection, place: int) -> bool:
        """Send one request; return whether the connection can take another."""
        payload = self.ring[place & self.payload_mask]
        self.sent[place] = self.clock()
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
            self.sent[place] = 0
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
        if received_ns < self.sent[place]:
            # The look found an older reply; this one came since, while others were handled.
            received_ns = self.clock()
        self.recorder.add(self.intended[place], self.sent[place], received_ns, connection.slot)
        self.intended[place] = 0
        self.in_flight -= 1
        connection.got = 0
        if not self.open_loop and self.sending:
            self.ask_again(connection, received_ns)
        if connection.left == 0 and not connection.queue:
            self.hang_up(connection)

    def ask_again(self, connection: PacedConnection, now_ns: int) -> None:
        """Place the next request of a connection of a closed loop, or put it on the agenda.

        Think time is constant, so the agenda is in order.
        """
        if self.think_ns:
            self.agenda.append((now_ns + self.think_ns, connection))
            self.due_ns = self.agenda[0][0]
        else:
            self.place(connection, now_ns)

    def take(self, connection: PacedConnection, data: bytes, received_ns: int) -> None:
        """Take a receive that was not simply the whole reply."""
        if data:
            self.heard(connection, data, received_ns)
        else:
            self.ended(connection, data, received_ns)

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

    def flush(self, connection: PacedConnection) -> None:
        """Send pending requests while the connection takes them."""
        while self.sending and connection.pending and connection.left != 0:
            if not self.send(connection, connection.pending.popleft()):
                break

    def lost(self, connection: PacedConnection) -> None:
        """Leave what was in flight on record as unanswered; what was never sent stays pending."""
        given_up = list(connection.queue)
        connection.queue.clear()
        if self.keeps and self.open_loop:  # nor is what waits behind it ever sent
            given_up += connection.pending
            connection.pending.clear()
        connection.state = DEAD
        for place in given_up:
            self.leave(connection, place)
            if self.sending and not self.open_loop and not self.keeps:
                self.ask_again(connection, self.clock())

    def leave(self, connection: PacedConnection, place: int) -> None:
        """Put one request on record as unanswered."""
        self.recorder.leave(self.intended[place], self.sent[place], connection.slot)
        self.intended[place] = 0
        self.in_flight -= 1

    def outstanding(self, connection: PacedConnection) -> bool:
        """Return whether a connection is owed a reply."""
        return bool(connection.queue)

    def drain(self, until_ns: int) -> None:
        """Wait for replies; then leave on record what was not answered, sent or even issued."""
        super().drain(until_ns)
        for connection in self.slots:
            if connection.state is not DEAD:
                self.lost(connection)
            for place in connection.pending if self.open_loop else ():
                self.leave(connection, place)
        if not self.open_loop:
            return
        self.facts.due = self.due_in_window
        while self.due_ns < self.close_ns:
            self.recorder.leave(self.due_ns, 0, self.order[self.turn].slot)
            self.turn = (self.turn + 1) % len(self.order)
            self.due_ns += self.gaps[self.issued & self.gap_mask]
            self.issued += 1
