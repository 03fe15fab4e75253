"""asyncio with bare sockets: a task for each client, sock_recv, sock_sendall."""

import asyncio
import contextlib
import socket

from servers.api import CHUNK, Settings
from servers.work import Work

FAMILY = "asyncio"


async def echo(client: socket.socket, work: Work | None) -> None:
    """Echo one client on its bare socket."""
    loop = asyncio.get_running_loop()
    with client, contextlib.suppress(ConnectionError):
        while data := await loop.sock_recv(client, CHUNK):
            if work and work.asked_for(data):
                await work.awaiting(asyncio.sleep)
            await loop.sock_sendall(client, data)


async def main(listener: socket.socket, settings: Settings) -> None:
    """Serve with `sock_accept` and a task for each client, for ever."""
    listener.setblocking(False)
    loop = asyncio.get_running_loop()
    tasks = set()  # the loop itself keeps only weak references
    while True:
        client, _ = await loop.sock_accept(listener)
        task = loop.create_task(echo(client, settings.work))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


def serve(listener: socket.socket, settings: Settings) -> None:
    """Run the server on the standard event loop."""
    asyncio.run(main(listener, settings))
