"""Prove that a server is ready: bytes go there and the same bytes come back."""

import contextlib
import errno
import os
import selectors
import socket
import time
from collections.abc import Callable

from bench.base.shortages import SHORTAGES, HouseError, house_errors
from servers.terms import TRANSPORTS, Address

# Short steps: a server that is starting refuses at first, and one that dies is noticed at once.
STEP_S = 0.01
DATAGRAM_STEP_S = 0.05
PROBE_BYTES = 48
DYING_S = 0.3


class NotReady(Exception):
    """The server has ended, or does not answer within the limit."""


class TooLate(NotReady):
    """The server is there, and did not answer within the limit."""


class BrokenEcho(Exception):
    """The server answers with other bytes than it was sent; the message holds the evidence.

    sent, received: the bytes themselves, as far as they came
    """

    def __init__(self, message: str, sent: bytes = b"", received: bytes = b"") -> None:
        """Keep the bytes beside the message."""
        super().__init__(message)
        self.sent, self.received = sent, received


class Cut(BrokenEcho):
    """The server has ended a probe's connection, or has itself ended."""


def prove(
    transport: str,
    address: Address,
    connections: int,
    limit_s: float,
    exited: Callable[[], bool],
) -> None:
    """Return when `connections` probes, open at the same time, have been echoed byte for byte.

    Raises:
        NotReady: `exited` turned true, or `limit_s` passed.
        TooLate: which is a NotReady, if `limit_s` passed
        BrokenEcho: an answer differs from what was sent.
        HouseError: the house has no descriptor or port for a probe
    """
    deadline = time.monotonic() + limit_s
    with contextlib.ExitStack() as stack:
        waiting = []
        try:
            for number in range(connections):
                sock = _connect(transport, address, deadline, exited)
                stack.callback(sock.close)
                payload = b"probe %d " % number + os.urandom(PROBE_BYTES)
                waiting.append(_Probe(sock, payload, datagram=transport == "udp"))
            _await_echoes(waiting, deadline, exited)
        except Cut:
            # The kernel cuts the connections of a dying server a moment before it is reported.
            until = time.monotonic() + DYING_S
            while time.monotonic() < until:
                _check(deadline, exited, "")
                time.sleep(STEP_S)
            raise


class _Probe:
    """One socket, what it has sent and what has come back."""

    def __init__(self, sock: socket.socket, payload: bytes, *, datagram: bool) -> None:
        self.sock = sock
        self.payload = payload
        self.datagram = datagram
        self.received = b""
        if not datagram:
            try:
                sock.sendall(payload)
            except ConnectionError as error:
                raise Cut(f"the connection was cut by the server: {error.strerror}") from None

    def resend(self) -> None:
        """Send a datagram again: it may have come before the server was there."""
        if self.datagram:
            with contextlib.suppress(ConnectionRefusedError):
                self.sock.send(self.payload)

    def receive(self) -> bool:
        """Take what has come; return whether the echo is complete."""
        try:
            data = self.sock.recv(65536)
        except ConnectionRefusedError:
            return False
        except ConnectionError as error:
            raise Cut(f"the connection was cut by the server: {error.strerror}") from None
        self.received += data
        if not data and not self.datagram:
            closed = f"closed after {len(self.received)} of {len(self.payload)} bytes"
            raise Cut(closed, self.payload, self.received)
        if not self.payload.startswith(self.received):
            raise BrokenEcho(
                f"sent {self.payload.hex(' ', 4)}, received {self.received[:80].hex(' ', 4)}",
                self.payload,
                self.received,
            )
        return self.received == self.payload


def _connect(
    transport: str, address: Address, deadline: float, exited: Callable[[], bool]
) -> socket.socket:
    """Return a connected socket; a foreign server that has not bound yet refuses for a while."""
    while True:
        with house_errors("no socket can be made for a probe"):
            sock = socket.socket(*TRANSPORTS[transport])
        sock.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            sock.connect(address)
            refuse_self(sock)
        except OSError as error:
            sock.close()
            # A Unix socket's full queue says EAGAIN: that is the server's, and passes.
            if error.errno in SHORTAGES and error.errno != errno.EAGAIN:
                raise HouseError(f"no probe can be sent: {error.strerror}") from None
            _check(deadline, exited, f"it does not accept connections: {error}")
            time.sleep(STEP_S)  # nothing to wait on: the address is not bound yet
        else:
            sock.settimeout(None)
            return sock


def refuse_self(sock: socket.socket) -> None:
    """Refuse a connection to itself: raises ConnectionRefusedError.

    Where nobody listens on a port that clients are given as well, TCP lets a socket that is given
    it connect to itself (simultaneous open), and everything it sends comes back.
    """
    if sock.family != socket.AF_UNIX and sock.getsockname() == sock.getpeername():
        raise ConnectionRefusedError(errno.ECONNREFUSED, "nobody listens: it met itself")


def _await_echoes(waiting: list[_Probe], deadline: float, exited: Callable[[], bool]) -> None:
    with selectors.DefaultSelector() as selector:
        for probe in waiting:
            selector.register(probe.sock, selectors.EVENT_READ, probe)
        while selector.get_map():
            for key, _ in selector.select(DATAGRAM_STEP_S):
                if key.data.receive():
                    selector.unregister(key.fileobj)
            left = len(selector.get_map())
            if left:
                _check(deadline, exited, f"{left} of {len(waiting)} probes were not answered")
                for key in list(selector.get_map().values()):
                    key.data.resend()


def _check(deadline: float, exited: Callable[[], bool], reason: str) -> None:
    if exited():
        raise NotReady("the server ended before it was ready")
    if time.monotonic() > deadline:
        raise TooLate(f"not ready in time: {reason}")
