"""What the known-bad servers share: an honest echo whose answers a defect replaces.

All of them answer the house's probe honestly, so that the defect shows in the load. A request is
taken to be what arrives in one piece, which holds for payloads that fit a chunk.
"""

import asyncio
import os
import socket
from collections.abc import Callable
from typing import ClassVar, cast

from servers.api import CHUNK, Settings

__all__ = ["AFTER_S", "CHUNK", "Datagrams", "Echo", "answer_probe", "serve", "serve_datagrams"]

PROBE = b"probe "
# When a server that fails under way does so, counted from the first request of the load.
AFTER_S = float(os.environ.get("DEFECT_AFTER_S", "0.25"))


class Echo(asyncio.Protocol):
    """Echo one client; a defect overrides `answer`, or `begin` to fail some time after the start.

    load_clients: connections that have sent a request of the load, over all clients
    """

    load_clients: ClassVar[int] = 0
    transport: asyncio.Transport
    number = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Answer; the connection of the probe honestly."""
        if data.startswith(PROBE):
            self.transport.write(data)
            return
        if not self.number:
            Echo.load_clients += 1
            self.number = Echo.load_clients
            if self.number == 1:
                self.begin()
        self.answer(data)

    def begin(self) -> None:
        """Take note that the load has begun; called once."""

    def answer(self, request: bytes) -> None:
        """Send the reply to one request."""
        self.transport.write(request)


class Datagrams(asyncio.DatagramProtocol):
    """Echo datagrams; a defect overrides `answer`."""

    transport: asyncio.DatagramTransport
    count = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, client: tuple[str, int]) -> None:
        """Answer; the probe honestly."""
        if data.startswith(PROBE):
            self.transport.sendto(data, client)
        else:
            self.count += 1
            self.answer(data, client)

    def answer(self, request: bytes, client: tuple[str, int]) -> None:
        """Send the reply to one request, the `count`th."""
        self.transport.sendto(request, client)


def serve(listener: socket.socket, settings: Settings, protocol: Callable[[], Echo]) -> None:
    """Serve a stream with one protocol object for each client."""

    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(protocol, sock=listener, backlog=settings.backlog)
        await server.serve_forever()

    asyncio.run(run())


def serve_datagrams(bound: socket.socket, protocol: Callable[[], Datagrams]) -> None:
    """Serve datagrams with one protocol object for all clients."""

    async def run() -> None:
        await asyncio.get_running_loop().create_datagram_endpoint(protocol, sock=bound)
        await asyncio.Event().wait()

    asyncio.run(run())


def answer_probe(listener: socket.socket) -> None:
    """Echo the first client, which is the probe, until it leaves; for defects written blocking."""
    client, _ = listener.accept()
    with client:
        while data := client.recv(CHUNK):
            client.sendall(data)
