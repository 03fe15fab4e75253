"""One subinterpreter for each CPU, each with its own GIL, listener and asyncio loop."""

import asyncio
import socket
from concurrent import interpreters  # type: ignore[attr-defined]

from servers.api import Settings
from servers.stream.asyncio_protocol import main

FAMILY = "per-core"
OWN_LISTENERS = True
MANY_CPUS = True
PYTHON = (3, 14)


def work(fd: int, settings: Settings) -> None:
    """Run a protocol server on a listener that comes as a number: no object can be shared."""
    asyncio.run(main(socket.socket(fileno=fd), settings))


def serve(listener: socket.socket, settings: Settings) -> None:
    """Run one in every interpreter, each in a thread of its own; no lock is between them."""
    listeners = [settings.listen() for _ in settings.cpus]
    listener.close()
    threads = [
        interpreters.create().call_in_thread(work, own.detach(), settings) for own in listeners
    ]
    for thread in threads:
        thread.join()
