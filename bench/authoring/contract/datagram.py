"""What every datagram server must do, on UDP."""

import contextlib
import os
import socket

from bench.authoring.contract.client import Broken, compare, connect
from bench.authoring.contract.model import Clause, clean_end, quiet
from bench.launch.launcher import Server

MANY = 32
# The largest payload of a UDP datagram on IPv4: 65,535 less the headers of IP (20) and UDP (8).
LARGEST_BYTES = 65_507


def _answered(client: socket.socket, payload: bytes) -> None:
    """Read one datagram, which must be the payload; empty ones in between are passed over."""
    try:
        while not (received := client.recv(65_536)):
            pass
    except TimeoutError:
        raise Broken(
            f"{len(payload)} bytes were not answered within {client.gettimeout():g} s"
        ) from None
    except OSError as error:
        raise Broken(f"{len(payload)} bytes were refused: {error}") from None
    compare(received, payload)
    if len(received) != len(payload):
        raise Broken(f"{len(payload)} bytes were sent and {len(received)} came back")


def _one(server: Server, payload_bytes: int) -> None:
    """Send a datagram and a second one, which shows a surplus answer to the first."""
    with connect(server) as client:
        for payload in (os.urandom(payload_bytes), os.urandom(16)):
            client.send(payload)
            _answered(client, payload)


def _empty(server: Server) -> None:
    with connect(server) as client:
        client.send(b"")
        client.send(b"after an empty one")
        _answered(client, b"after an empty one")


def _many(server: Server) -> None:
    """Every client has sent before the first one reads, and they read in reverse order."""
    with contextlib.ExitStack() as stack:
        clients = [(stack.enter_context(connect(server)), os.urandom(256)) for _ in range(MANY)]
        for client, payload in clients:
            client.send(payload)
        for client, payload in reversed(clients):
            _answered(client, payload)


def _gone(server: Server) -> None:
    """Clients that have left before the answer reaches them."""
    for _ in range(MANY):
        with connect(server) as client:
            client.send(b"nobody reads the answer")
    _one(server, 64)


def _end_under_load(server: Server) -> None:
    with connect(server) as client:
        for _ in range(MANY):
            client.send(os.urandom(1024))
        clean_end(server)


def _quiet(server: Server) -> None:
    for payload_bytes in (1, 1024, 8192):
        _one(server, payload_bytes)
    quiet(server)


CLAUSES = (
    Clause(
        "one byte",
        "a datagram of one byte comes back",
        "send each datagram back at once, to the address that recvfrom returned",
        lambda server: _one(server, 1),
    ),
    Clause(
        "one KiB",
        "a datagram of 1,024 bytes comes back as it was sent",
        "send exactly the bytes that recvfrom returned, not the whole buffer that it filled",
        lambda server: _one(server, 1024),
    ),
    Clause(
        "largest datagram",
        f"a datagram of {LARGEST_BYTES:,} bytes comes back whole",
        "receive with a buffer of 65,536 bytes: the kernel cuts off what does not fit",
        lambda server: _one(server, LARGEST_BYTES),
    ),
    Clause(
        "empty datagram",
        "a datagram without a byte does no harm",
        "an empty datagram is not an end of input: do not leave the loop",
        _empty,
    ),
    Clause(
        "many clients",
        f"{MANY} clients at once each get their own bytes",
        "answer the address of that very datagram; keep no address between two datagrams",
        _many,
    ),
    Clause(
        "gone clients",
        "clients that leave before the answer do no harm",
        "leave the socket unconnected; catch ConnectionError around sendto",
        _gone,
    ),
    Clause(
        "ends under load",
        "it ends on SIGTERM within the grace period while datagrams come in",
        "leave SIGTERM alone; start workers in the server's process group",
        _end_under_load,
        ends=True,
    ),
    Clause(
        "ends when idle",
        "it ends on SIGTERM within the grace period, with no process left",
        "leave SIGTERM alone; start workers in the server's process group, without setsid",
        clean_end,
        ends=True,
    ),
    Clause(
        "prints nothing",
        "no warning and no traceback when clients come and go",
        "see what it printed: close what you open, await what you start",
        _quiet,
        ends=True,
    ),
)
