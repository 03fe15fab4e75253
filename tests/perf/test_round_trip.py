"""One round trip of 64 bytes on one connection, for every variant."""

import os
import socket

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.launcher import Server, ServerSpec
from servers.discovery import Variant, discover
from servers.terms import TRANSPORTS
from tests import machine

PAYLOAD = os.urandom(64)
VARIANTS = discover()


def exchange(client: socket.socket) -> bytes:
    """Send 64 bytes and wait for as many; a reply this short comes in one piece."""
    client.sendall(PAYLOAD)
    return client.recv(4096)


@pytest.mark.parametrize(
    "variant", VARIANTS.values(), ids=[f"{kind}-{name}" for kind, name in VARIANTS]
)
def test_round_trip(benchmark: BenchmarkFixture, variant: Variant) -> None:
    if variant.missing():
        pytest.skip(f"needs {', '.join(variant.missing())}")
    transport = "udp" if variant.kind == "datagram" else "tcp"
    spec = ServerSpec(variant.name, variant.family, variant)
    with (
        Server(spec, transport, machine.terms()) as server,
        socket.socket(*TRANSPORTS[transport]) as client,
        machine.pinned(machine.split()[1]),
    ):
        client.settimeout(5)
        client.connect(server.address)
        if transport == "tcp":
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        assert benchmark(exchange, client) == PAYLOAD
