"""HOT LOOP. The closed loop with several requests in flight on a connection, in batches.

Its readable form is `tests/scripted/reference.py: Pipelined`, to which
`tests/loadgen/test_reference_loops.py` holds it, on a scripted clock and socket.
"""

from array import array
from collections import deque

from loadgen.connection import DEAD, READ, RECEIVE_MAX, TALKING, WRITE, Connection
from loadgen.driver import REAL, System
from loadgen.plan import Plan
from loadgen.sockets import Dialer
from loadgen.stream import StreamDriver

# Connections taken in one look; each has a batch of replies.
TOGETHER = 16


class PipelinedConnection(Connection):
    """A connection and its batches in flight, the oldest first.

    batches: of each its place in the stream of payloads, in bytes, that is read next; the bytes of
        it that are still to come; and when it was sent
    """

    __slots__ = ("batches", "due")

    def __init__(self, slot: int) -> None:
        """Start with none."""
        super().__init__(slot)
        self.batches: deque[tuple[int, int, int]] = deque()
        self.due = 0  # requests that wait until what is half sent is out


class PipelinedLoop(StreamDriver[PipelinedConnection]):
    """`depth` requests in flight on each connection, connections kept, no think time.

    The payloads lie one behind the other in one stream of bytes, so that a batch of requests is a
    slice of it to send, and what comes back one to compare with.
    """

    sends_as_intended = True

    def __init__(
        self, plan: Plan, connections: int, dialer: Dialer | None = None, system: System = REAL
    ) -> None:
        """Prepare; nothing is connected yet."""
        super().__init__(plan, connections, dialer, system)
        self.depth = plan.load.depth
        self.stream = b"".join(self.ring)
        self.view = memoryview(self.stream)
        self.at = 0
        self.room = min(self.depth * self.size + 1, RECEIVE_MAX)
        self.begun = False

    def make_connection(self, slot: int) -> PipelinedConnection:
        """Return a place that keeps its batches."""
        return PipelinedConnection(slot)

    def opened(self, connection: PipelinedConnection) -> None:
        """Wait for the start."""

    def run(self, until_ns: int) -> None:
        """Drive the load until an instant."""
        if not self.begun:
            self.begun = True
            for connection in self.slots:
                if connection.state is TALKING:
                    self.ask(connection, self.depth)
        self.loop(until_ns)

    def loop(self, until_ns: int) -> None:
        """Take whole batches of replies, and send as many requests in one call."""
        poll, by_fd, now_ns = self.epoll.poll, self.by_fd, self.clock
        read, room, wait_s = self.system.read, self.room, self.poll_s
        most = min(TOGETHER, max(1, len(by_fd)))
        idle = polls = full = idle_ns = 0
        looked_ns = now_ns()
        while True:
            events = poll(wait_s, TOGETHER)
            received = now_ns()
            polls += 1
            if not events:
                idle_ns += received - looked_ns if idle else 0
                looked_ns, idle = received, 1
            else:
                idle = 0
                full += len(events) >= most
            for fd, event in events:
                connection = by_fd.get(fd)
                if connection is None:
                    continue
                if event != READ or connection.state is not TALKING:
                    self.attend(connection, event)
                    continue
                try:
                    data = read(fd, room)
                except OSError as error:
                    self.broke(connection, error)
                    continue
                if data:
                    self.heard(connection, data, received)
                else:
                    self.ended(connection, data)
            if received >= until_ns:
                break
        self.facts.looked(polls, full, idle_ns)

    def heard(self, connection: PipelinedConnection, data: bytes, received_ns: int) -> None:
        """Verify and record the replies in what has come, and ask as many times again."""
        batches, size, stream = connection.batches, self.size, self.stream
        at = answered = 0
        while at < len(data):
            if not batches:
                self.surplus(connection, data[at:])
                return
            place, left, sent_ns = batches[0]
            part = data[at : at + left] if at or left < len(data) else data
            length = len(part)
            if part != stream[place : place + length]:
                self.differs(connection, place, part)
                return
            count = -(-left // size) - -(-(left - length) // size)
            if count:
                self.record(sent_ns, received_ns, connection.slot, count)
                answered += count
            if length == left:
                batches.popleft()
            else:
                batches[0] = (place + length, left - length, sent_ns)
            at += length
        if answered and self.sending:
            self.ask(connection, answered)

    def differs(self, connection: PipelinedConnection, place: int, part: bytes) -> None:
        """Show the first reply of a part whose bytes are not those that were sent."""
        good = next(at for at, byte in enumerate(part) if byte != self.stream[place + at])
        number = (place + good) // self.size
        payload = self.ring[number]
        begun = number * self.size - place  # where that reply begins in the part, or before it
        received = payload[: max(0, -begun)] + part[max(0, begun) :]
        self.wrong(connection, payload, received[: self.size])

    def record(self, sent_ns: int, received_ns: int, slot: int, count: int) -> None:
        """Record replies of one batch that came together."""
        recorder = self.recorder
        row = recorder.rows
        if recorder.raw and row + count > recorder.limit:
            recorder.fold(row)
        if not recorder.raw:
            recorder.count(sent_ns, sent_ns, received_ns, slot, count)
            return
        end = row + count
        recorder.sent[row:end] = array("q", (sent_ns,)) * count
        recorder.received[row:end] = array("q", (received_ns,)) * count
        recorder.slot[row:end] = array("q", (slot,)) * count
        recorder.rows = end

    def ask(self, connection: PipelinedConnection, count: int) -> None:
        """Send so many requests in one call, or two where the stream of payloads ends between."""
        size = self.size
        while count and not connection.unsent and connection.state is TALKING:
            if self.at == len(self.stream):
                self.at = 0
            place = self.at
            length = min(count * size, len(self.stream) - place)
            self.at += length
            count -= length // size
            connection.batches.append((place, length, self.clock()))
            try:
                accepted = self.system.write(connection.fd, self.view[place : place + length])
            except OSError as error:
                accepted = self.broke(connection, error)
            if accepted != length and connection.state is TALKING:
                connection.unsent = self.view[place + accepted : place + length]
                self.epoll.modify(connection.fd, READ | WRITE)
        connection.due += count

    def broke(self, connection: PipelinedConnection, error: OSError) -> int:
        """Drop the connection unless it would only block; return 0, the bytes that were sent."""
        if not isinstance(error, BlockingIOError):
            self.fail(connection, "reset", error.errno)
        return 0

    def writable(self, connection: PipelinedConnection) -> None:
        """Go on with a batch that did not fit, then with what waits behind it."""
        if connection.unsent:
            sent = self.system.write(connection.fd, connection.unsent)
            connection.unsent = connection.unsent[sent:]
            if connection.unsent:
                return
        connection.unsent = None
        self.epoll.modify(connection.fd, READ)
        due, connection.due = connection.due, 0
        if due and self.sending:
            self.ask(connection, due)

    def drain(self, until_ns: int) -> None:
        """Wait for replies; then leave the unanswered requests on record."""
        super().drain(until_ns)
        for connection in self.slots:
            if connection.state is not DEAD:
                self.lost(connection)

    def lost(self, connection: PipelinedConnection) -> None:
        """Leave what was in flight on record as unanswered."""
        for _, left, sent_ns in connection.batches:
            for _ in range(-(-left // self.size)):
                self.recorder.leave(sent_ns, sent_ns, connection.slot)
        connection.batches.clear()
        connection.due = 0

    def outstanding(self, connection: PipelinedConnection) -> bool:
        """Return whether a connection is owed a reply."""
        return bool(connection.batches)
