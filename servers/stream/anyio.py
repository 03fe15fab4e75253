"""anyio on asyncio: one task for each client, in a task group."""

import socket
from functools import partial

import anyio
from anyio.abc import SocketListener, SocketStream

from servers.api import Settings
from servers.work import Work

FAMILY = "anyio"
REQUIRES = ("anyio",)
# anyio 4 pauses a TCP client after its first wait only: bytes that come before are read on and on.
BOUNDS_MEMORY = False


async def echo(work: Work | None, client: SocketStream) -> None:
    """Echo one client until its end or its reset."""
    async with client:
        try:
            async for data in client:
                if work and work.asked_for(data):
                    await work.awaiting(anyio.sleep)
                await client.send(data)
        except anyio.BrokenResourceError:
            pass


async def main(listener: socket.socket, settings: Settings) -> None:
    """Serve for ever."""
    await (await SocketListener.from_socket(listener)).serve(partial(echo, settings.work))


def serve(listener: socket.socket, settings: Settings) -> None:
    """Run the server's coroutine."""
    anyio.run(main, listener, settings)
