"""trio: one task for each client, in a nursery."""

import socket
from functools import partial

import trio

from servers.api import CHUNK, Settings
from servers.work import Work

FAMILY = "trio"
REQUIRES = ("trio",)


async def echo(work: Work | None, client: trio.SocketStream) -> None:
    """Echo one client until its end or its reset."""
    try:
        while data := await client.receive_some(CHUNK):
            if work and work.asked_for(data):
                await work.awaiting(trio.sleep)
            await client.send_all(data)
    except trio.BrokenResourceError:
        pass


async def main(listener: socket.socket, settings: Settings) -> None:
    """Serve for ever; trio closes a client whose task is done."""
    own = trio.SocketListener(trio.socket.from_stdlib_socket(listener))
    await trio.serve_listeners(partial(echo, settings.work), [own])


def serve(listener: socket.socket, settings: Settings) -> None:
    """Run the server's coroutine on trio's loop."""
    trio.run(main, listener, settings)
