"""trio: one task that awaits each datagram and its answer."""

import socket

import trio

from servers.api import CHUNK, Settings

FAMILY = "trio"
REQUIRES = ("trio",)


async def main(listener: socket.socket) -> None:
    """Send every datagram back to where it came from."""
    own = trio.socket.from_stdlib_socket(listener)
    while True:
        data, client = await own.recvfrom(CHUNK)
        await own.sendto(data, client)


def serve(listener: socket.socket, settings: Settings) -> None:
    """Run the server's coroutine on trio's loop."""
    trio.run(main, listener)
