"""asyncio with streams; work is handed to a pool of processes."""

import asyncio
import contextlib
import multiprocessing
import socket
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial

from servers.api import CHUNK, Settings
from servers.work import Work

FAMILY = "offload"
MANY_CPUS = True
POOL = True


async def echo(
    work: Work | None, pool: Executor, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Echo one client; the loop serves the others while a process works."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(CHUNK):
            if work and work.asked_for(data):
                await loop.run_in_executor(pool, work.do)
            writer.write(data)
            await writer.drain()
    writer.close()


async def main(listener: socket.socket, settings: Settings, pool: Executor) -> None:
    """Serve with `start_server`, for ever."""
    talk = partial(echo, settings.work, pool)
    _server = await asyncio.start_server(talk, sock=listener, backlog=settings.backlog)
    # Not serve_forever(): there rloop 0.5 drops its listener.
    await asyncio.Event().wait()


def serve(listener: socket.socket, settings: Settings) -> None:
    """Start the workers, then run the server on the standard event loop."""
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(settings.pool_size, mp_context=fork) as pool:
        pool.submit(
            int
        ).result()  # all fork with the first task: before there is a loop or a client
        asyncio.run(main(listener, settings, pool))
