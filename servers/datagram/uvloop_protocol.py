"""uvloop with a datagram protocol: one callback for each datagram."""

import socket

import uvloop

from servers.api import Settings
from servers.datagram.asyncio_protocol import main

FAMILY = "uvloop"
REQUIRES = ("uvloop",)


def serve(listener: socket.socket, settings: Settings) -> None:
    """Run asyncio's server on uvloop's event loop."""
    uvloop.run(main(listener, settings))
