"""The styles of asyncio that its variants share; they differ in the event loop alone."""

import asyncio
import contextlib
import socket
from typing import cast

from servers.api import CHUNK, Settings


async def echo_stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Echo one client; drain() holds the reader back while the client does not read."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()


async def streams(listener: socket.socket, settings: Settings) -> None:
    """Serve with `start_server`: a coroutine for each client, reading and writing streams."""
    server = await asyncio.start_server(echo_stream, sock=listener, backlog=settings.backlog)
    await server.serve_forever()


class EchoProtocol(asyncio.Protocol):
    """Echo by callbacks: data comes in as bytes that the event loop has allocated."""

    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Send it back."""
        self.transport.write(data)

    def pause_writing(self) -> None:
        """Stop reading from a client that does not read its replies."""
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """Read again."""
        self.transport.resume_reading()


async def protocol(listener: socket.socket, settings: Settings) -> None:
    """Serve with `create_server` and a Protocol: callbacks, no coroutine for a client."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(EchoProtocol, sock=listener, backlog=settings.backlog)
    await server.serve_forever()
