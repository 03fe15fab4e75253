"""asyncio with bare sockets: a task for each client, sock_recv, sock_sendall."""

import asyncio
import socket

from servers import coroutines
from servers.api import Settings

FAMILY = "asyncio"


def serve(listener: socket.socket, settings: Settings) -> None:
    """Run the server's coroutine on the standard event loop."""
    asyncio.run(coroutines.sockets(listener, settings))
