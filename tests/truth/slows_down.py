"""Echoes correctly, and takes longer for each request the longer it has run."""

import asyncio
import socket
import time
from typing import cast

from servers.api import Settings

FAMILY = "truth"
# Busy time for each request, gained in a second: half as fast as a plain echo after 0.2 s.
GAIN_S = 50e-6


class Slower(asyncio.Protocol):
    began_s: float | None = None
    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        now_s = time.perf_counter()
        if Slower.began_s is None:
            Slower.began_s = now_s
        until_s = now_s + GAIN_S * (now_s - Slower.began_s)
        while time.perf_counter() < until_s:
            pass
        self.transport.write(data)


async def serve_for_ever(listener: socket.socket, settings: Settings) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Slower, sock=listener, backlog=settings.backlog)
    await server.serve_forever()


def serve(listener: socket.socket, settings: Settings) -> None:
    asyncio.run(serve_for_ever(listener, settings))
