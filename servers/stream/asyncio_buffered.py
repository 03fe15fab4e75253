"""asyncio with a buffered protocol: callbacks, one buffer for each client."""

import asyncio
import socket
from functools import partial
from typing import cast

from servers.api import CHUNK, Settings

FAMILY = "asyncio"


class Echo(asyncio.BufferedProtocol):
    """Echo one client: the event loop receives into a buffer that belongs to the protocol."""

    transport: asyncio.Transport

    def __init__(self, settings: Settings) -> None:
        """Allocate the buffer, one for the life of the connection."""
        self.work = settings.work
        self.call_later = asyncio.get_running_loop().call_later
        self.buffer = memoryview(bytearray(CHUNK))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.Transport, transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Lend the buffer for the next read."""
        return self.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Send back a copy: a transport may keep what it cannot send, and the buffer is reused."""
        data = bytes(self.buffer[:nbytes])
        if self.work and self.work.asked_for(data):
            self.work.then(self.call_later, self.transport.write, data)
        else:
            self.transport.write(data)

    def pause_writing(self) -> None:
        """Stop reading from a client that does not read its replies."""
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """Read again."""
        self.transport.resume_reading()


async def main(listener: socket.socket, settings: Settings) -> None:
    """Serve with `create_server`, for ever."""
    loop = asyncio.get_running_loop()
    _server = await loop.create_server(
        partial(Echo, settings), sock=listener, backlog=settings.backlog
    )
    # Not serve_forever(): there rloop 0.5 drops its listener.
    await asyncio.Event().wait()


def serve(listener: socket.socket, settings: Settings) -> None:
    """Run the server on the standard event loop."""
    asyncio.run(main(listener, settings))
