"""One round trip of 64 bytes on one connection, for every variant, of a client that spins.

Asleep, all variants came out at 72 to 81 µs: the client's own waking.
"""

import os
import socket

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.launch.launcher import Server
from bench.model.server import ServerSpec
from servers.discovery import Variant, discover
from servers.terms import TRANSPORTS
from tests.support import machine

PAYLOAD = os.urandom(64)
VARIANTS = discover()
# Looks for a reply before it counts as lost: some seconds.
LOOKS = 5_000_000


def exchange(client: socket.socket) -> bytes:
    """Send 64 bytes and look until as many come; a reply this short comes in one piece."""
    client.send(PAYLOAD)
    for _ in range(LOOKS):
        try:
            return client.recv(4096)
        except BlockingIOError:
            pass
    raise TimeoutError("no reply")


@pytest.mark.parametrize(
    "variant", VARIANTS.values(), ids=[f"{kind}-{name}" for kind, name in VARIANTS]
)
def test_round_trip(benchmark: BenchmarkFixture, variant: Variant) -> None:
    if variant.missing():
        pytest.skip(f"needs {', '.join(variant.missing())}")
    transport = "udp" if variant.kind == "datagram" else "tcp"
    spec = ServerSpec(variant.name, variant.family, variant)
    # Whoever spins on the server's own CPU keeps it from answering. Asked before this is pinned.
    sleeps = machine.shared()
    with (
        Server(spec, transport, machine.allotment()) as server,
        socket.socket(*TRANSPORTS[transport]) as client,
        machine.pinned(machine.split()[1]),
    ):
        client.settimeout(5)
        client.connect(server.address)
        client.setblocking(sleeps)
        if transport == "tcp":
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        assert benchmark(exchange, client) == PAYLOAD
