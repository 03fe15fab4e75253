"""The closed loop: a connection sends, waits for its reply, sends again. The hottest code here."""

import os
from itertools import cycle

from loadgen.driver import BATCH, POLL_S, clock
from loadgen.plan import Plan
from loadgen.stream import (
    DEAD,
    READ,
    RECEIVE_MAX,
    TALKING,
    WRITE,
    Connection,
    StreamDriver,
)

# Replies taken before their next requests are sent: fewer of those wake a sleeping server, and the
# interpreter stays in one kind of system call. 3 % more than one by one, measured here.
TOGETHER = 16


class ClosedLoop(StreamDriver[Connection]):
    """One request in flight on each connection.

    The state that the fast path touches lies in lists indexed by descriptor. A reply that comes
    whole, alone and right stays on the fast path; everything else goes through `attend`.
    """

    def __init__(self, plan: Plan, connections: int) -> None:
        """Prepare; nothing is connected yet."""
        super().__init__(plan, connections)
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
        """Make room for the descriptor; in churn, ask at once."""
        assert connection.sock is not None
        fd = connection.fd
        while len(self.expected) <= fd:
            self.expected.append(None)
            self.payload.append(b"")
            self.sent_ns.append(0)
            self.slot_of.append(0)
            self.owed.append(False)
        self.slot_of[fd] = connection.slot
        self.owed[fd] = False
        if self.begun and self.sending:
            self.ask(connection)

    def run(self, until_ns: int) -> None:
        """Drive the load until an instant."""
        if not self.begun:
            self.begun = True
            for connection in self.slots:
                if connection.state is TALKING:
                    self.ask(connection)
        self.loop(until_ns)

    def loop(self, until_ns: int) -> None:
        """Exchange requests and replies; the fast path takes kept connections."""
        poll, by_fd, attend = self.epoll.poll, self.by_fd, self.attend
        # On descriptors: the methods of a socket take longer to find and to call.
        receive, send, expected = os.read, os.write, self.expected
        sent_ns, slot_of = self.sent_ns, self.slot_of
        recorder, next_payload, now_ns = self.recorder, self.next_payload, clock
        sent_column, received_column = recorder.sent, recorder.received
        slot_column, row, capacity = recorder.slot, recorder.rows, recorder.capacity
        raw, size = recorder.raw, self.size
        room = min(size + 1, RECEIVE_MAX)
        answered: list[int] = []
        while True:
            if row + BATCH > capacity and raw:
                raise MemoryError("more replies came than the columns have room for")
            for fd, event in poll(POLL_S, TOGETHER):
                if event == READ and (wanted := expected[fd]) is not None:
                    try:
                        data = receive(fd, room)
                    except OSError as error:
                        self.broke(by_fd[fd], error)
                        continue
                    received = now_ns()
                    if data != wanted:
                        recorder.rows = row
                        self.take(by_fd[fd], data, received)
                        row = recorder.rows
                        continue
                    if raw:
                        sent_column[row] = sent_ns[fd]
                        received_column[row] = received
                        slot_column[row] = slot_of[fd]
                        row += 1
                    else:
                        recorder.count_reply(sent_ns[fd], sent_ns[fd], received, slot_of[fd])
                    # The next request is due when its predecessor is answered: one look at the
                    # clock serves both.
                    sent_ns[fd] = received
                    expected[fd] = next_payload()
                    answered.append(fd)
                elif fd in by_fd:
                    recorder.rows = row
                    attend(by_fd[fd], event)
                    row = recorder.rows
            for fd in answered:
                try:
                    accepted = send(fd, expected[fd])  # type: ignore[arg-type]  # set just above
                except OSError as error:
                    accepted = self.broke(by_fd[fd], error)
                if accepted != size:
                    self.keep_rest(by_fd.get(fd), accepted)
            answered.clear()
            if self.waiting:
                self.redial_waiting()
            if now_ns() >= until_ns:
                break
        recorder.rows = row

    def ask(self, connection: Connection) -> None:
        """Send the next request of a connection."""
        assert connection.sock is not None
        fd = connection.fd
        payload = self.next_payload()
        connection.got = 0
        self.owed[fd] = True
        self.payload[fd] = payload
        self.expected[fd] = payload if self.sending and self.keeps else None
        self.sent_ns[fd] = clock()
        try:
            accepted = os.write(fd, payload)
        except OSError as error:
            accepted = self.broke(connection, error)
        if accepted != self.size:
            self.keep_rest(connection, accepted)

    def broke(self, connection: Connection, error: OSError) -> int:
        """Take an error of a socket; return how many bytes it has accepted: none."""
        if not isinstance(error, BlockingIOError):
            self.fail(connection, "reset", error.strerror or str(error))
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
        assert connection.sock is not None
        if connection.unsent:
            connection.unsent = connection.unsent[connection.sock.send(connection.unsent) :]
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
            self.ended(connection, data, received_ns)

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
        """Record a reply; ask again, or hang up after the last one of a connection."""
        fd = connection.fd
        self.owed[fd] = False
        connection.left -= 1
        self.recorder.add(self.sent_ns[fd], self.sent_ns[fd], received_ns, connection.slot)
        if connection.left == 0:
            self.hang_up(connection)
        elif self.sending:
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
