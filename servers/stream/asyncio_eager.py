"""asyncio with bare sockets and eager tasks: one that need not wait never goes through the loop."""

import asyncio
import socket

from servers.api import Settings
from servers.stream import asyncio_sockets

FAMILY = "asyncio"
PYTHON = (3, 12)


async def main(listener: socket.socket, settings: Settings) -> None:
    """Serve with a task for each client that starts at once, for ever."""
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined]
    await asyncio_sockets.main(listener, settings)


def serve(listener: socket.socket, settings: Settings) -> None:
    """Run the server on the standard event loop."""
    asyncio.run(main(listener, settings))
