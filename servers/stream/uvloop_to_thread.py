"""uvloop with streams; work is handed to the default pool of threads."""

import socket

import uvloop

from servers.api import Settings
from servers.stream.asyncio_to_thread import main

FAMILY = "offload"
REQUIRES = ("uvloop",)
MANY_CPUS = "free-threaded"


def serve(listener: socket.socket, settings: Settings) -> None:
    """Run asyncio's server on uvloop's event loop."""
    uvloop.run(main(listener, settings))
