"""uvloop with a buffered protocol: callbacks, one buffer for each client."""

import socket

import uvloop

from servers.api import Settings
from servers.stream.asyncio_buffered import main

FAMILY = "uvloop"
REQUIRES = ("uvloop",)


def serve(listener: socket.socket, settings: Settings) -> None:
    """Run asyncio's server on uvloop's event loop."""
    uvloop.run(main(listener, settings))
