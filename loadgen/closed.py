"""HOT LOOP, the hottest. The closed loop: a connection sends, waits for its reply, sends again.

Its readable form is `tests/scripted/reference.py: Closed`; `tests/loadgen/test_reference_loops.py`
holds it to that, on a scripted clock and socket.
"""

from itertools import cycle

from loadgen.connection import DEAD, READ, RECEIVE_MAX, TALKING, WRITE, Connection
from loadgen.driver import REAL, System
from loadgen.plan import Plan
from loadgen.sockets import Dialer
from loadgen.stream import StreamDriver

# Replies taken in one look. Where as many are there, more wait to be read.
TOGETHER = 16


class ClosedLoop(StreamDriver[Connection]):
    """One request in flight on each connection, connections kept.

    The state that the fast path touches lies in lists indexed by descriptor. A reply that comes
    whole, alone and right stays on the fast path; everything else goes through `attend`. Within the
    loop the rows are a local: `recorder.rows` is written back before every call that may record,
    and read again after it.
    """

    sends_as_intended = True

    def __init__(
        self, plan: Plan, connections: int, dialer: Dialer | None = None, system: System = REAL
    ) -> None:
        """Prepare; nothing is connected yet."""
        super().__init__(plan, connections, dialer, system)
        self.next_payload = cycle(self.ring).__next__
        # The reply that would be whole and right; None where the slow path must look.
        self.expected: list[bytes | None] = []
        self.payload: list[bytes] = []
        self.sent_ns: list[int] = []
        self.slot_of: list[int] = []
        self.owed: list[bool] = []
        self.begun = False

    def make_connection(self, slot: int) -> Connection:
        """Return a plain place: what the fast path keeps lies in lists."""
        return Connection(slot)

    def opened(self, connection: Connection) -> None:
        """Make room for the descriptor."""
        fd = connection.fd
        while len(self.expected) <= fd:
            self.expected.append(None)
            self.payload.append(b"")
            self.sent_ns.append(0)
            self.slot_of.append(0)
            self.owed.append(False)
        self.slot_of[fd] = connection.slot
        self.owed[fd] = False

    def run(self, until_ns: int) -> None:
        """Drive the load until an instant."""
        if not self.begun:
            self.begun = True
            for connection in self.slots:
                if connection.state is TALKING:
                    self.ask(connection)
        self.loop(until_ns)

    def loop(self, until_ns: int) -> None:
        """Exchange requests and replies.

        When a reply is answered with the next request decides how two programs share the time. A
        generator that found nothing at its last look has time, and the server may be waiting: each
        reply is answered at once. One that always finds something is behind: it reads all that is
        there first and sends then, which wakes a sleeping server once for many requests. Either way
        a reply counts as received when the look that found it ended, and a request as sent when it
        is written: what one waits for the other in here is in no server's latency.
        """
        poll, by_fd, attend = self.epoll.poll, self.by_fd, self.attend
        # On descriptors: the methods of a socket take longer to find and to call.
        receive, send, expected = self.system.read, self.system.write, self.expected
        sent_ns, slot_of = self.sent_ns, self.slot_of
        recorder, next_payload, now_ns = self.recorder, self.next_payload, self.clock
        sent_column, received_column = recorder.sent, recorder.received
        slot_column, row, limit = recorder.slot, recorder.rows, recorder.limit
        size, wait_s = self.size, self.poll_s
        room = min(size + 1, RECEIVE_MAX)
        most = min(TOGETHER, max(1, len(by_fd)))
        answered: list[int] = []
        idle = polls = full = idle_ns = 0
        looked_ns = now_ns()
        while True:
            events = poll(wait_s, TOGETHER)
            received = now_ns()
            polls += 1
            if not events:
                if idle:
                    idle_ns += received - looked_ns
                looked_ns, idle = received, 1
                if received >= until_ns:
                    break
                continue
            if len(events) >= most:
                full += 1
            at_once = idle or (wait_s and len(events) < TOGETHER)
            idle = 0
            for fd, event in events:
                if event == READ and (wanted := expected[fd]) is not None:
                    try:
                        data = receive(fd, room)
                    except OSError as error:
                        self.broke(by_fd[fd], error)
                        continue
                    if data != wanted:
                        recorder.rows = row
                        self.take(by_fd[fd], data, received)
                        row = recorder.rows
                        continue
                    sent_column[row] = sent_ns[fd]
                    received_column[row] = received
                    slot_column[row] = slot_of[fd]
                    row += 1
                    if at_once:
                        expected[fd] = wanted = next_payload()
                        sent_ns[fd] = now_ns()
                        try:
                            accepted = send(fd, wanted)
                        except OSError as error:
                            accepted = self.broke(by_fd[fd], error)
                        if accepted != size:
                            self.keep_rest(by_fd.get(fd), accepted)
                    else:
                        answered.append(fd)
                elif fd in by_fd:
                    recorder.rows = row
                    attend(by_fd[fd], event)
                    row = recorder.rows
            if answered:
                for fd in answered:
                    expected[fd] = wanted = next_payload()
                    sent_ns[fd] = now_ns()
                    try:
                        accepted = send(fd, wanted)
                    except OSError as error:
                        accepted = self.broke(by_fd[fd], error)
                    if accepted != size:
                        self.keep_rest(by_fd.get(fd), accepted)
                answered.clear()
            if row >= limit:
                row = recorder.fold(row)
                limit = recorder.limit
            if received >= until_ns:
                break
        recorder.rows = row
        self.facts.looked(polls, full, idle_ns)

    def ask(self, connection: Connection) -> None:
        """Send the next request of a connection."""
        fd = connection.fd
        payload = self.next_payload()
        connection.got = 0
        self.owed[fd] = True
        self.payload[fd] = payload
        self.expected[fd] = payload if self.sending else None
        self.sent_ns[fd] = self.clock()
        try:
            accepted = self.system.write(fd, payload)
        except OSError as error:
            accepted = self.broke(connection, error)
        if accepted != self.size:
            self.keep_rest(connection, accepted)

    def broke(self, connection: Connection, error: OSError) -> int:
        """Drop the connection unless it would only block; return 0, the bytes that were sent."""
        if not isinstance(error, BlockingIOError):
            self.fail(connection, "reset", error.errno)
        return 0

    def keep_rest(self, connection: Connection | None, accepted: int) -> None:
        """Send the rest of a request when the socket can take it."""
        if connection is None or connection.state is not TALKING:
            return
        self.look_closely(connection.fd)
        connection.unsent = memoryview(self.payload[connection.fd])[accepted:]
        self.epoll.modify(connection.fd, READ | WRITE)

    def writable(self, connection: Connection) -> None:
        """Go on with a request that did not fit."""
        if connection.unsent:
            sent = self.system.write(connection.fd, connection.unsent)
            connection.unsent = connection.unsent[sent:]
        if not connection.unsent:
            self.epoll.modify(connection.fd, READ)

    def look_closely(self, fd: int) -> None:
        """Let what comes next on a descriptor take the slow path."""
        if (wanted := self.expected[fd]) is not None:
            self.payload[fd] = wanted
            self.expected[fd] = None

    def take(self, connection: Connection, data: bytes, received_ns: int) -> None:
        """Take a receive that was not simply the whole reply."""
        if data:
            self.heard(connection, data, received_ns)
        else:
            self.ended(connection, data)

    def heard(self, connection: Connection, data: bytes, received_ns: int) -> None:
        """Take a part of a reply, its end, or what should not have come."""
        fd = connection.fd
        self.look_closely(fd)
        payload = self.payload[fd]
        if not self.owed[fd]:
            self.surplus(connection, data)
        elif not payload.startswith(data, connection.got):
            self.wrong(connection, payload, payload[: connection.got] + data)
        elif connection.got + len(data) < self.size:
            connection.got += len(data)
        else:
            self.answered_in_full(connection, received_ns)

    def answered_in_full(self, connection: Connection, received_ns: int) -> None:
        """Record a reply; ask again."""
        fd = connection.fd
        self.owed[fd] = False
        self.recorder.add(self.sent_ns[fd], self.sent_ns[fd], received_ns, connection.slot)
        if self.sending:
            self.ask(connection)

    def drain(self, until_ns: int) -> None:
        """Let every reply take the slow path, then leave the unanswered ones on record."""
        for fd in range(len(self.expected)):
            self.look_closely(fd)
        super().drain(until_ns)
        for connection in self.slots:
            if connection.state is not DEAD:
                self.lost(connection)

    def lost(self, connection: Connection) -> None:
        """Leave the request that a connection was owed a reply to on record as unanswered."""
        fd = connection.fd
        if self.outstanding(connection):
            self.recorder.leave(self.sent_ns[fd], self.sent_ns[fd], connection.slot)
            self.owed[fd] = False
        if 0 <= fd < len(self.expected):
            self.expected[fd] = None

    def outstanding(self, connection: Connection) -> bool:
        """Return whether a connection is owed a reply."""
        return 0 <= connection.fd < len(self.owed) and self.owed[connection.fd]
