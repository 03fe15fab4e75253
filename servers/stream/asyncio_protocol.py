"""asyncio with a protocol: callbacks, no coroutine for a client."""

import asyncio
import socket
from functools import partial
from typing import cast

from servers.api import Settings

FAMILY = "asyncio"


class Echo(asyncio.Protocol):
    """Echo one client: data comes in as bytes that the event loop has allocated."""

    transport: asyncio.Transport

    def __init__(self, settings: Settings) -> None:
        """Know what work a request may ask for, and the loop's timers."""
        self.work = settings.work
        self.call_later = asyncio.get_running_loop().call_later

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Send it back, once the work that it asks for is done."""
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
