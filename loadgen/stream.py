"""The life of stream connections, the same under every load: dial, talk, hang up, dial again."""

import errno
import socket
from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from loadgen.connection import (
    DEAD,
    DIALLING,
    DRAIN_POLL_S,
    FAILURES_MAX,
    HANGING_UP,
    READ,
    RECEIVE_MAX,
    TALKING,
    WRITE,
    Connection,
)
from loadgen.dialling import dial_all
from loadgen.driver import BATCH, REAL, Facts, System
from loadgen.pacing import POLL_S
from loadgen.payload import sequence
from loadgen.plan import Plan
from loadgen.recorder import Recorder
from loadgen.sockets import Dialer, connected_to_itself

C = TypeVar("C", bound=Connection)


class StreamDriver(ABC, Generic[C]):
    """Dialling, hanging up and failing; what is sent when is up to the subclasses."""

    sends_as_intended = False

    def __init__(
        self, plan: Plan, connections: int, dialer: Dialer | None = None, system: System = REAL
    ) -> None:
        """Prepare payloads, columns and places; nothing is connected yet."""
        load = plan.load
        self.plan = plan
        self.system = system
        self.clock = system.clock
        self.size = load.payload_bytes
        self.recorder = Recorder(
            plan, connections, sends_as_intended=self.sends_as_intended, clock=self.clock
        )
        self.facts = Facts()
        in_flight = connections * load.depth * (16 if load.rate else 1)
        self.dialer = dialer or Dialer(plan)
        self.ring = sequence(plan, in_flight, self.dialer.number)
        self.epoll = system.epoll()
        # What a poll waits: nothing, where this CPU is the generator's own.
        self.poll_s = 0 if plan.wait == "spin" else POLL_S
        self.slots = [self.make_connection(number) for number in range(connections)]
        self.by_fd: dict[int, C] = {}
        self.sending = True
        self.heard_in_drain = False  # a reply has come since drain() began
        self.keeps = load.requests_per_connection is None
        self.per_connection = load.requests_per_connection or -1
        self.waiting: list[C] = []  # to be dialled again in the next batch

    @abstractmethod
    def make_connection(self, slot: int) -> C:
        """Return a place of the kind that the driver works with."""

    # What a subclass does when a connection can talk, has something to say, or is gone.

    @abstractmethod
    def opened(self, connection: C) -> None:
        """Be told that a connection can be used."""

    @abstractmethod
    def heard(self, connection: C, data: bytes, received_ns: int) -> None:
        """Take what has come on a talking connection."""

    @abstractmethod
    def writable(self, connection: C) -> None:
        """Go on sending what did not fit before."""

    @abstractmethod
    def lost(self, connection: C) -> None:
        """Be told that a connection is gone for good or for now."""

    @abstractmethod
    def outstanding(self, connection: C) -> bool:
        """Return whether a connection is owed a reply."""

    def connect(self, until_ns: int) -> None:
        """Dial every place."""
        dial_all(self, until_ns)

    def dial(self, connection: C) -> None:
        """Start to connect a place."""
        connection.since_ns = self.clock()
        sock, number = self.dialer.dial()
        if sock is None:
            connection.state = DEAD
            self.facts.failed("refused", connection.slot, number)
            connection.failures += 1
            if not self.keeps and connection.failures < FAILURES_MAX:
                self.redial(connection)
            return
        if number == errno.EAGAIN:  # a Unix socket whose backlog is full: once more, later
            sock.close()
            connection.state = DEAD
            self.waiting.append(connection)
            return
        connection.sock, connection.fd = sock, sock.fileno()
        connection.state = DIALLING
        self.by_fd[connection.fd] = connection
        self.epoll.register(connection.fd, WRITE)
        if number not in (0, errno.EINPROGRESS):
            self.fail(connection, "refused", number)

    def answered(self, connection: C) -> None:
        """Take the outcome of a connect."""
        number = connection.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        now = self.clock()
        if not number and connected_to_itself(connection.sock):
            number = errno.ECONNREFUSED
        if number:
            self.fail(connection, "refused", number)
            return
        self.facts.connected(now - connection.since_ns)
        connection.state = TALKING
        connection.left = self.per_connection
        connection.got = 0
        self.epoll.modify(connection.fd, READ)
        self.opened(connection)

    def attend(self, connection: C, event: int) -> None:
        """Handle any event, off the fast path."""
        if connection.state is DIALLING:
            self.answered(connection)
            return
        try:
            if event & WRITE:
                self.writable(connection)
            if event & ~WRITE and connection.state is not DEAD:
                data = self.system.read(connection.fd, RECEIVE_MAX)
                received_ns = self.clock()
                if data and connection.state is TALKING:
                    self.heard_in_drain = True
                    self.heard(connection, data, received_ns)
                else:
                    self.ended(connection, data)
        except BlockingIOError:
            pass
        except OSError as error:
            self.fail(connection, "reset", error.errno)

    def ended(self, connection: C, data: bytes) -> None:
        """Take the end of a connection, or what comes although nothing was asked for."""
        if connection.state is TALKING:
            words = "the server closed a connection in use"
            self.facts.error("closed-early", connection.slot, words)
            connection.failures += 1
            self.drop(connection)
            return
        if data:
            self.surplus(connection, data)
            return
        self.forget(connection)
        connection.failures = 0
        self.redial(connection)

    def surplus(self, connection: C, data: bytes) -> None:
        """Drop a connection on which bytes came that nobody had asked for."""
        self.facts.surplus(connection.slot, data)
        self.drop(connection)

    def wrong(self, connection: C, payload: bytes, received: bytes) -> None:
        """Drop a connection whose reply was not what was sent: its stream has lost its place."""
        self.facts.wrong(connection.slot, payload, received, self.ring)
        self.drop(connection)

    def hang_up(self, connection: C) -> None:
        """End a connection after its last reply; the server's own end completes the cycle."""
        connection.state = HANGING_UP
        try:
            connection.sock.shutdown(socket.SHUT_WR)
        except OSError as error:
            self.fail(connection, "reset", error.errno)

    def fail(self, connection: C, kind: str, number: int | None) -> None:
        """Count a broken connection by its error number; in churn its place is dialled again."""
        self.facts.failed(kind, connection.slot, number)
        connection.failures += 1
        self.drop(connection)

    def drop(self, connection: C) -> None:
        """Give a connection up; in churn its place is dialled again."""
        self.lost(connection)
        self.forget(connection)
        if not self.keeps and connection.failures < FAILURES_MAX:
            self.redial(connection)

    def redial(self, connection: C) -> None:
        """Let the place be dialled again, after the batch at hand: its events are stale."""
        if self.sending:
            self.waiting.append(connection)

    def redial_waiting(self) -> None:
        """Dial the places that hung up during the last batch."""
        waiting, self.waiting = self.waiting, []
        for connection in waiting:
            begun_ns = connection.since_ns
            self.dial(connection)
            if not connection.failures:
                self.facts.lived(connection.since_ns - begun_ns)

    def forget(self, connection: C) -> None:
        """Close a socket; the kernel takes it out of the epoll set."""
        self.by_fd.pop(connection.fd, None)
        connection.sock.close()
        connection.state = DEAD
        connection.unsent = None

    def drain(self, until_ns: int) -> None:
        """Wait for the replies that are still owed; every event takes the slow path."""
        self.sending = self.heard_in_drain = False
        self.waiting.clear()
        owed = [c for c in self.slots if c.state is TALKING and self.outstanding(c)]
        while owed and self.clock() < until_ns:
            for fd, event in self.epoll.poll(DRAIN_POLL_S, BATCH):
                if (connection := self.by_fd.get(fd)) is not None:
                    self.attend(connection, event)
            owed = [c for c in owed if c.state is TALKING and self.outstanding(c)]
        self.recorder.drained_ns = self.clock()
        talking = [c for c in self.slots if c.state is not DEAD]
        # A server that is only slow, or overloaded, goes on answering; without a wait nobody can.
        silent = bool(talking) and len(owed) == len(talking) and not self.heard_in_drain
        self.facts.silent = silent and self.plan.drain_s > 0

    def close(self) -> None:
        """Hang up all connections."""
        for connection in list(self.by_fd.values()):
            self.forget(connection)
        self.epoll.close()
