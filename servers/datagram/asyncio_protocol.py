"""asyncio with a datagram protocol: one callback for each datagram."""

import asyncio
import socket

from servers import coroutines
from servers.api import Settings

FAMILY = "asyncio"


def serve(listener: socket.socket, settings: Settings) -> None:
    """Run the server's coroutine on the standard event loop."""
    asyncio.run(coroutines.datagrams(listener, settings))
