"""The client's side of the contract: sockets that send, read back and compare."""

import contextlib
import os
import select
import socket
import struct
import time
from collections.abc import Iterator, Sequence

from bench.authoring.contract import evidence
from bench.launch.launcher import Server
from servers.terms import TRANSPORTS

# How long nothing may happen before a server is said to hang: a limit, never a measure.
HANG_S = 5.0
# A client that could not send for so long has filled every buffer there is.
QUIET_S = 0.15
CHUNK = 256 * 1024
# What a server may hold for one client in user space: many chunks of any model.
# So little that is missing is no buffer that was full.
FEW_BYTES = 16
USER_SPACE_BYTES = 8 * 1024 * 1024


class Broken(Exception):
    """The server does not keep the contract; the message is the evidence.

    meaning: what usually brings it about, a sentence, where that is known
    """

    def __init__(self, message: str, meaning: str = "") -> None:
        """Keep what it means beside the message."""
        super().__init__(message)
        self.meaning = meaning


def connect(server: Server, *, receive_buffer: int | None = None) -> socket.socket:
    """Return a connected socket (UDP as well); a receive buffer is set in bytes, before connecting.

    Raises:
        Broken: the server does not accept.
    """
    sock = socket.socket(*TRANSPORTS[server.transport])
    sock.settimeout(HANG_S)
    try:
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.connect(server.address)
    except OSError as error:
        sock.close()
        raise Broken(f"it does not accept a connection: {error}") from None
    return sock


def reset(sock: socket.socket) -> None:
    """Close a connection abruptly: the peer gets a reset (a Unix socket: lost data)."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


@contextlib.contextmanager
def non_blocking(sock: socket.socket) -> Iterator[None]:
    """Let a socket's calls return at once for a while; MSG_DONTWAIT would heed its timeout."""
    sock.setblocking(False)
    try:
        yield
    finally:
        sock.settimeout(HANG_S)


def send_some(sock: socket.socket, data: memoryview) -> int:
    """Send what a non-blocking socket takes, which may be nothing; return how many bytes."""
    try:
        return sock.send(data[:CHUNK])
    except BlockingIOError:
        return 0


def echoed(sock: socket.socket, payload: bytes) -> None:
    """Send a payload, reading its echo as it is written, then a mark that shows a surplus.

    Raises:
        Broken: another byte came, or the connection was cut, or nothing moved for HANG_S.
    """
    with non_blocking(sock):
        _exchange(sock, payload)
        _exchange(sock, os.urandom(16))


def _exchange(sock: socket.socket, payload: bytes) -> None:
    unsent, received = memoryview(payload), bytearray()
    poller = select.poll()
    poller.register(sock, select.POLLIN | select.POLLOUT)
    while len(received) < len(payload):
        if not poller.poll(HANG_S * 1000):
            raise _silence(received, payload)
        try:
            if unsent:
                unsent = unsent[send_some(sock, unsent) :]
                if not unsent:
                    poller.modify(sock, select.POLLIN)
            data = sock.recv(CHUNK)
        except BlockingIOError:
            continue
        except ConnectionError:
            raise _closed(received, payload) from None
        except OSError as error:
            raise Broken(f"{_progress(received, payload)}, then {error}") from None
        if not data:
            raise _closed(received, payload)
        received += data
        compare(received, payload)


def _progress(received: Sequence[int], payload: bytes) -> str:
    return f"{len(received)} of {len(payload)} bytes came back"


def _closed(received: Sequence[int], payload: bytes) -> Broken:
    """Return what a connection is that the server closed before the echo was whole."""
    told = f"{_progress(received, payload)}, then the server closed the connection"
    if not received:
        return Broken(told, "It hangs up instead of answering.")
    return Broken(
        told, "It closes before all is out: it answers once, or does not wait for an end."
    )


def _silence(received: Sequence[int], payload: bytes) -> Broken:
    """Return what a server is that fell silent before the echo was whole."""
    told = f"{_progress(received, payload)}, then nothing for {HANG_S:g} s"
    missing = len(payload) - len(received)
    if not received:
        return Broken(told, "It waits for more than it was sent (a line, a full buffer), or hangs.")
    if missing <= FEW_BYTES:
        return Broken(told, f"It keeps back {missing} of the bytes.")
    return Broken(told, "It sent a part: what send() did not take was dropped, or is stuck.")


def compare(received: bytes | bytearray, payload: bytes) -> None:
    """Clause that what has come so far is the beginning of the payload.

    Raises:
        Broken: it is not; the message shows the first difference.
    """
    if payload.startswith(received):
        return
    got = bytes(received)
    raise Broken(evidence.difference(payload, got), evidence.meaning(payload, got))


def receive(sock: socket.socket, payload: bytes) -> None:
    """Read the echo of a payload that was sent before; raises Broken as `echoed` does."""
    received = bytearray()
    while len(received) < len(payload):
        try:
            data = sock.recv(CHUNK)
        except ConnectionError:
            raise _closed(received, payload) from None
        except OSError as error:
            raise Broken(f"{_progress(received, payload)}, then {error}") from None
        if not data:
            raise _closed(received, payload)
        received += data
        compare(received, payload)


def at_end(sock: socket.socket) -> None:
    """Clause that the server closes, with nothing surplus before; raises Broken."""
    try:
        data = sock.recv(CHUNK)
    except TimeoutError:
        raise Broken("the server does not close the connection after the client's end") from None
    except OSError as error:
        raise Broken(f"the connection was cut: {error}") from None
    if data:
        raise Broken(f"{len(data)} surplus bytes came: {data[:8].hex(' ')}")


def stop_reading(sock: socket.socket) -> int:
    """Send without reading until nothing more is taken; return how many bytes were.

    It stops at twice what the kernel and a server of bounded memory could hold.
    """
    limit = 2 * holdable_bytes()
    poller = select.poll()
    poller.register(sock, select.POLLOUT)
    sent, chunk = 0, memoryview(bytes(CHUNK))
    with non_blocking(sock):
        while sent < limit and poller.poll(QUIET_S * 1000):
            try:
                sent += send_some(sock, chunk)
            except OSError as error:
                raise Broken(f"a client that did not read was cut off: {error}") from None
    return sent


def holdable_bytes() -> int:
    """Return how much both kernels' buffers and a server of bounded memory can hold at most."""
    total = USER_SPACE_BYTES
    for name in ("tcp_rmem", "tcp_wmem"):
        try:
            with open(f"/proc/sys/net/ipv4/{name}", encoding="ascii") as setting:
                total += int(setting.read().split()[2])
        except OSError:
            total += USER_SPACE_BYTES
    return total


def silent(sock: socket.socket) -> bool:
    """Return whether nothing comes from the server for a while."""
    poller = select.poll()
    poller.register(sock, select.POLLIN)
    return not poller.poll(QUIET_S * 1000)


def group_is_gone(group: int) -> bool:
    """Return whether no process is left in a process group."""
    deadline = time.monotonic() + HANG_S
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
    return False
