"""Tornado's TCPServer: a coroutine for each client, on asyncio's loop."""

import asyncio
import socket

from tornado.iostream import IOStream, StreamClosedError
from tornado.tcpserver import TCPServer

from servers.api import CHUNK, Settings
from servers.work import Work

FAMILY = "tornado"
REQUIRES = ("tornado",)


class Server(TCPServer):
    """Echo to every client."""

    def __init__(self, work: Work | None) -> None:
        """Know what work a request may ask for."""
        super().__init__()
        self.work = work

    async def handle_stream(self, stream: IOStream, address: object) -> None:
        """Echo one client until its end or its reset."""
        try:
            while True:
                data = await stream.read_bytes(CHUNK, partial=True)
                if self.work and self.work.asked_for(data):
                    await self.work.awaiting(asyncio.sleep)
                await stream.write(data)
        except StreamClosedError:
            stream.close()


async def main(listener: socket.socket, settings: Settings) -> None:
    """Serve for ever."""
    listener.setblocking(False)
    Server(settings.work).add_socket(listener)
    await asyncio.Event().wait()


def serve(listener: socket.socket, settings: Settings) -> None:
    """Run the server's coroutine."""
    asyncio.run(main(listener, settings))
