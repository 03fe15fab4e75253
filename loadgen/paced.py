"""Requests that fall due: an open loop's schedule, think time, several in flight at once."""

import os
from collections import deque

from loadgen.driver import BATCH, POLL_S, clock
from loadgen.pacing import gaps_ns
from loadgen.plan import Plan
from loadgen.stream import DEAD, READ, TALKING, WRITE, Connection, StreamDriver

# epoll's timeout has steps of 1 ms and rounds up: nearer than this to a send, spin.
SPIN_NS = 1_500_000
# Nearer than this, not even a poll fits in between.
POLL_NS = 3_000
# Sends in a row while behind the schedule, and events taken at once.
BURST = 16
NEVER = 1 << 62
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

    A request is a number; its row in the recorder's columns is that number, and so is its payload
    (each modulo their length). In open loop the schedule says what is due, and the connections take
    turns. In closed loop each reply makes one more request due on its connection, after the think
    time.
    """

    def __init__(self, plan: Plan, connections: int) -> None:
        """Prepare; nothing is connected yet."""
        super().__init__(plan, connections)
        self.open_loop = plan.load.rate is not None
        self.think_ns = plan.load.think_us * 1000
        self.payload_mask = len(self.ring) - 1
        self.row_mask = (1 << 62) - 1 if self.recorder.raw else self.recorder.capacity - 1
        self.most = min(plan.load.max_in_flight or NEVER, self.recorder.capacity - BATCH)
        recorder = self.recorder
        self.intended, self.sent = recorder.intended, recorder.sent
        self.received, self.slot = recorder.received, recorder.slot
        self.begun = False
        self.issued = self.turn = self.in_flight = self.close_ns = 0
        self.due_ns = NEVER
        self.agenda: deque[tuple[int, PacedConnection]] = deque()  # closed loop: due_ns, connection
        self.room = min(max(RECEIVE_LEAST, 16 * self.size), 256 * 1024)
        if plan.load.rate is not None:
            share = plan.load.rate / plan.processes
            self.gaps = gaps_ns(share, plan.load.arrivals, plan.seed)
            self.gap_mask = len(self.gaps) - 1

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
        now = clock()
        if self.open_loop:
            self.due_ns = now + self.gaps[-1]
            return
        self.agenda.extend(
            (now, connection) for connection in self.slots for _ in range(self.plan.load.depth)
        )
        self.due_ns = now

    def loop(self, until_ns: int) -> None:
        """Send what is due, take what has come, until an instant."""
        poll, by_fd, ring, now_ns = self.epoll.poll, self.by_fd, self.ring, clock
        mask, room, read = self.payload_mask, self.room, os.read
        while (now := now_ns()) < until_ns:
            for _ in range(BURST):
                if self.due_ns > now or self.in_flight >= self.most:
                    break
                self.issue()
            next_ns = until_ns if self.in_flight >= self.most else min(self.due_ns, until_ns)
            wait_ns = next_ns - now_ns()
            if 0 < wait_ns < POLL_NS:
                continue
            timeout_s = min((wait_ns - SPIN_NS) / 1e9, POLL_S) if wait_ns > SPIN_NS else 0
            # Every event that is taken is handled: the kernel turns the others to the front.
            for fd, event in poll(timeout_s, BURST):
                if (connection := by_fd.get(fd)) is None:
                    continue
                if event == READ and connection.state is TALKING:
                    try:
                        data = read(fd, room)
                    except OSError as error:
                        self.broke(connection, error)
                        continue
                    received = now_ns()
                    queue = connection.queue
                    if queue and not connection.got and data == ring[queue[0] & mask]:
                        self.replied(connection, received)
                    elif data:
                        self.heard(connection, data, received)
                    else:
                        self.ended(connection, data, received)
                else:
                    self.attend(connection, event)
                    received = now_ns()
                if received >= self.due_ns and self.in_flight < self.most:
                    self.issue()  # what is due does not wait for the rest of the events
            if self.waiting:
                self.redial_waiting()

    def issue(self) -> None:
        """Place the request that is due, and find out when the next one is."""
        due_ns = self.due_ns
        if self.open_loop:
            turn = self.turn
            connection = self.slots[turn]
            turn += 1
            self.turn = turn if turn < len(self.slots) else 0
            self.due_ns = due_ns + self.gaps[self.issued & self.gap_mask]
        else:
            _, connection = self.agenda.popleft()
            self.due_ns = self.agenda[0][0] if self.agenda else NEVER
        self.place(connection, due_ns)

    def place(self, connection: PacedConnection, due_ns: int) -> None:
        """Put a request on a connection: sent at once, or behind what it cannot take yet."""
        number = self.issued
        self.issued = number + 1
        row = number & self.row_mask
        self.intended[row] = due_ns
        self.sent[row] = self.received[row] = 0
        self.slot[row] = connection.slot
        self.in_flight += 1
        ready = connection.state is TALKING and connection.left != 0
        if ready and not connection.pending and not connection.unsent:
            self.send(connection, number)
        else:
            connection.pending.append(number)

    def send(self, connection: PacedConnection, number: int) -> bool:
        """Send one request; return whether the connection can take another."""
        payload = self.ring[number & self.payload_mask]
        row = number & self.row_mask
        self.sent[row] = clock()
        try:
            accepted = os.write(connection.fd, payload)
        except OSError as error:
            self.not_taken(connection, number, error)
            return False
        connection.queue.append(number)
        connection.left -= 1
        if accepted < self.size:
            self.keep_rest(connection, payload, accepted)
            return False
        return connection.left != 0

    def not_taken(self, connection: PacedConnection, number: int, error: OSError) -> None:
        """Take a failed send: the request waits, or is lost with its connection."""
        if isinstance(error, BlockingIOError):
            self.sent[number & self.row_mask] = 0
            connection.pending.appendleft(number)
            self.epoll.modify(connection.fd, READ | WRITE)
        else:
            connection.queue.append(number)
            self.broke(connection, error)

    def keep_rest(self, connection: PacedConnection, payload: bytes, accepted: int) -> None:
        """Send the rest of a request when the socket can take it."""
        connection.unsent = memoryview(payload)[accepted:]
        self.epoll.modify(connection.fd, READ | WRITE)

    def broke(self, connection: PacedConnection, error: OSError) -> None:
        """Take an error of a socket."""
        if not isinstance(error, BlockingIOError):
            self.fail(connection, "reset", error.strerror or str(error))

    def replied(self, connection: PacedConnection, received_ns: int) -> None:
        """Record the reply to the oldest request in flight on a connection."""
        row = connection.queue.popleft() & self.row_mask
        recorder = self.recorder
        recorder.received[row] = received_ns
        self.in_flight -= 1
        connection.got = 0
        if not recorder.raw:
            recorder.count_reply(
                recorder.intended[row], recorder.sent[row], received_ns, connection.slot
            )
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
        assert connection.sock is not None
        if connection.unsent:
            connection.unsent = connection.unsent[connection.sock.send(connection.unsent) :]
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
        connection.state = DEAD
        for number in given_up:
            self.leave(number)
            if self.sending and not self.open_loop and not self.keeps:
                self.ask_again(connection, clock())

    def leave(self, number: int) -> None:
        """Put one request on record as unanswered."""
        row = number & self.row_mask
        recorder = self.recorder
        recorder.leave(recorder.intended[row], recorder.sent[row], recorder.slot[row])
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
            for number in connection.pending if self.open_loop else ():
                self.leave(number)
        while self.due_ns < self.close_ns and self.open_loop:
            self.recorder.leave(self.due_ns, 0, self.turn)
            self.turn = (self.turn + 1) % len(self.slots)
            self.due_ns += self.gaps[self.issued & self.gap_mask]
            self.issued += 1
        self.recorder.rows = min(self.issued, self.recorder.capacity) if self.recorder.raw else 0
