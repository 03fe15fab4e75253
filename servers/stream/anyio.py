"""anyio on asyncio: one task for each client, in a task group."""

import socket

import anyio
from anyio.abc import SocketListener, SocketStream

from servers.api import Settings

FAMILY = "anyio"
REQUIRES = ("anyio",)
# anyio 4 pauses a TCP client after its first wait only: bytes that come before are read on and on.
BOUNDS_MEMORY = False


async def echo(client: SocketStream) -> None:
    """Echo one client until its end or its reset."""
    async with client:
        try:
            async for data in client:
                await client.send(data)
        except anyio.BrokenResourceError:
            pass


async def main(listener: socket.socket) -> None:
    """Serve for ever."""
    await (await SocketListener.from_socket(listener)).serve(echo)


def serve(listener: socket.socket, settings: Settings) -> None:
    """Run the server's coroutine."""
    anyio.run(main, listener)
