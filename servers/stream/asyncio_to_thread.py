"""asyncio with streams; work is handed to the default pool of threads."""

import asyncio
import contextlib
import socket
from functools import partial

from servers.api import CHUNK, Settings
from servers.work import Work

FAMILY = "offload"
MANY_CPUS = "free-threaded"


async def echo(
    work: Work | None, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Echo one client; the loop serves the others while a thread works."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(CHUNK):
            if work and work.asked_for(data):
                await asyncio.to_thread(work.do)
            writer.write(data)
            await writer.drain()
    writer.close()


async def main(listener: socket.socket, settings: Settings) -> None:
    """Serve with `start_server`, for ever."""
    talk = partial(echo, settings.work)
    _server = await asyncio.start_server(talk, sock=listener, backlog=settings.backlog)
    # Not serve_forever(): there rloop 0.5 drops its listener.
    await asyncio.Event().wait()


def serve(listener: socket.socket, settings: Settings) -> None:
    """Run the server on the standard event loop."""
    asyncio.run(main(listener, settings))
