"""asyncio with a datagram protocol: one callback for each datagram."""

import asyncio
import socket
from typing import cast

from servers.api import Settings

FAMILY = "asyncio"


class Echo(asyncio.DatagramProtocol):
    """Echo every datagram."""

    transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        """Send it back to where it came from."""
        self.transport.sendto(data, addr)


async def main(listener: socket.socket, settings: Settings) -> None:
    """Serve with `create_datagram_endpoint`, for ever."""
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(Echo, sock=listener)
    await asyncio.Event().wait()


def serve(listener: socket.socket, settings: Settings) -> None:
    """Run the server on the standard event loop."""
    asyncio.run(main(listener, settings))
