"""Tornado's TCPServer: a coroutine for each client, on asyncio's loop."""

import asyncio
import socket

from tornado.iostream import IOStream, StreamClosedError
from tornado.tcpserver import TCPServer

from servers.api import CHUNK, Settings

FAMILY = "tornado"
REQUIRES = ("tornado",)


class Server(TCPServer):
    """Echo to every client."""

    async def handle_stream(self, stream: IOStream, address: object) -> None:
        """Echo one client until its end or its reset."""
        try:
            while True:
                await stream.write(await stream.read_bytes(CHUNK, partial=True))
        except StreamClosedError:
            stream.close()


async def main(listener: socket.socket) -> None:
    """Serve for ever."""
    listener.setblocking(False)
    Server().add_socket(listener)
    await asyncio.Event().wait()


def serve(listener: socket.socket, settings: Settings) -> None:
    """Run the server's coroutine."""
    asyncio.run(main(listener))
