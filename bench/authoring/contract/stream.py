"""What every stream server must do, on TCP and on Unix sockets."""

import contextlib
import os
import socket

from bench.authoring.contract.client import (
    Broken,
    at_end,
    connect,
    echoed,
    holdable_bytes,
    non_blocking,
    receive,
    reset,
    send_some,
    silent,
    stop_reading,
)
from bench.authoring.contract.model import Clause, claims, clean_end, quiet
from bench.authoring.contract.work import work
from bench.launch.launcher import Server

MIB = 1024 * 1024
MANY = 64
SMALL_BUFFER = 4096


def _one(server: Server, payload_bytes: int) -> None:
    with connect(server) as client:
        echoed(client, os.urandom(payload_bytes))


def _byte_at_a_time(server: Server) -> None:
    payload = os.urandom(256)
    with connect(server) as client:
        for byte in payload:
            client.sendall(bytes([byte]))
        receive(client, payload)


def _many(server: Server, wanted: int = MANY) -> None:
    """Every client has sent before the first one reads, and they read in reverse order."""
    count = min(wanted, claims(server).clients or wanted)
    with contextlib.ExitStack() as stack:
        clients = [(stack.enter_context(connect(server)), os.urandom(1024)) for _ in range(count)]
        for client, payload in clients:
            client.sendall(payload)
        for number, (client, payload) in reversed(list(enumerate(clients))):
            try:
                receive(client, payload)
            except Broken as broken:
                raise Broken(f"client {number + 1} of {count} at once: {broken}") from None


def _half_close(server: Server) -> None:
    payload = os.urandom(100_000)
    with connect(server) as client:
        client.sendall(payload)
        client.shutdown(socket.SHUT_WR)
        receive(client, payload)
        at_end(client)


def _close_at_once(server: Server) -> None:
    for _ in range(_enough(server)):
        connect(server).close()
    _many(server)


def _reset(server: Server) -> None:
    """Reset right after connecting, with a reply unread, and while the server is writing."""
    for number in range(_enough(server)):
        client = connect(server, receive_buffer=SMALL_BUFFER)
        with non_blocking(client), contextlib.suppress(ConnectionError):
            for _ in range(number % 3 * 16):
                send_some(client, memoryview(bytes(65536)))
        reset(client)
    _many(server)


def _enough(server: Server) -> int:
    """Return how many bad clients would reach every worker that can serve one."""
    return max(9, 3 * min(claims(server).clients or 0, MANY))


def _slow_reader(server: Server) -> None:
    """One stops reading, another must be served; where that is not claimed, it must not be."""
    isolates, clients = claims(server).isolates_slow_reader, claims(server).clients
    with contextlib.ExitStack() as stack:
        slow = []
        for _ in range(1 if isolates else clients or 1):
            slow.append(stack.enter_context(connect(server, receive_buffer=SMALL_BUFFER)))
            stop_reading(slow[-1])
        newcomer = stack.enter_context(connect(server))
        if isolates:
            echoed(newcomer, os.urandom(1024))
            return
        newcomer.sendall(b"?")
        if not silent(newcomer):
            raise Broken("ISOLATES_SLOW_READER = False is said, yet the others are served")
        for client in slow:
            reset(client)
        receive(newcomer, b"?")


def _memory(server: Server) -> None:
    """What it takes from clients that read nothing must fit the claim.

    A model may grow on one transport only, or only when the bytes come early: a claim of False is
    proven by one client in five, and on TCP.
    """
    limit, claimed = holdable_bytes(), claims(server).bounds_memory
    most = 0
    for _ in range(1 if claimed else 5):
        with connect(server, receive_buffer=SMALL_BUFFER) as client:
            most = max(most, stop_reading(client))
            reset(client)
        if most > limit:
            break
    if claimed and most > limit:
        raise Broken(
            f"{most / MIB:.0f} MiB were taken from a client that reads nothing; the kernel's "
            f"buffers explain {limit / MIB:.0f} MiB at most"
        )
    if not claimed and most <= limit and server.transport != "unix":
        raise Broken(f"BOUNDS_MEMORY = False is said, yet only {most / MIB:.1f} MiB were taken")


def _end_in_mid_client(server: Server) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(min(4, claims(server).clients or 4)):
            client = stack.enter_context(connect(server, receive_buffer=SMALL_BUFFER))
            echoed(client, b"served")
            with non_blocking(client):
                send_some(client, memoryview(bytes(MIB)))
        clean_end(server)


def _quiet(server: Server) -> None:
    for payload_bytes in (1, 1024, 100_000):
        with connect(server) as client:
            echoed(client, os.urandom(payload_bytes))
            client.shutdown(socket.SHUT_WR)
            at_end(client)
    quiet(server)


CLAUSES = (
    Clause(
        "one byte",
        "one byte comes back",
        "send at once what was received; do not wait for a full buffer or a line",
        lambda server: _one(server, 1),
    ),
    Clause(
        "one KiB",
        "1,024 bytes come back, each as it was sent",
        "send exactly the bytes that recv returned, not the whole buffer that it filled",
        lambda server: _one(server, 1024),
    ),
    Clause(
        "four MiB",
        "4 MiB come back while the client reads as it writes",
        "send() may take a part only: use sendall() or keep the rest; copy a buffer that is reused",
        lambda server: _one(server, 4 * MIB),
    ),
    Clause(
        "a byte at a time",
        "256 bytes sent one by one come back",
        "expect any cut of the stream: one recv is not one message",
        _byte_at_a_time,
    ),
    Clause(
        "half-close",
        "a client that ends its side still gets every byte, then the end",
        "on end of input send what is left, then close; do not close before the echo is out",
        _half_close,
    ),
    Clause(
        "many clients",
        f"{MANY} clients at once are served (or as many as MAX_CLIENTS says)",
        'if the model serves no more at once, declare MAX_CLIENTS = 1 (another number, or "pool")',
        _many,
    ),
    Clause(
        "connect, then close",
        "clients that leave without a word do no harm",
        "treat an empty recv as the client's end and go on to the next",
        _close_at_once,
    ),
    Clause(
        "abrupt reset",
        "clients that reset their connection do no harm, also while it writes",
        "catch ConnectionError around both recv and send, close that client, serve the others",
        _reset,
    ),
    Clause(
        "slow reader",
        "a client that stops reading does not stall the others",
        "never block on one client's send; if the model must, declare ISOLATES_SLOW_READER = False",
        _slow_reader,
    ),
    Clause(
        "bounded memory",
        "a client that stops reading does not make it grow without bound",
        "stop reading from a client whose replies are not out (drain, pause_reading); if the model "
        "cannot, declare BOUNDS_MEMORY = False",
        _memory,
    ),
    Clause(
        "work",
        "a request that asks for work is answered once that is done",
        "do settings.work before the reply (docs/adding-a-server.md), or declare what it CANNOT do",
        work,
    ),
    Clause(
        "ends in mid-client",
        "it ends on SIGTERM within the grace period while clients are connected",
        "leave SIGTERM alone; if a framework handles it, let it drop the clients at once; workers "
        "stay in the server's process group",
        _end_in_mid_client,
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
        "no warning and no traceback when three clients come and go",
        "see what it printed: close what you open, await what you start",
        _quiet,
        ends=True,
    ),
)
