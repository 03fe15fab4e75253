"""asyncio with a buffered protocol: callbacks, one buffer for each client."""

import asyncio
import socket

from servers import coroutines
from servers.api import Settings

FAMILY = "asyncio"


def serve(listener: socket.socket, settings: Settings) -> None:
    """Run the server's coroutine on the standard event loop."""
    asyncio.run(coroutines.buffered(listener, settings))
