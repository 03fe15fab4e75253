"""uvloop with a datagram protocol: one callback for each datagram."""

import socket

import uvloop

from servers import coroutines
from servers.api import Settings

FAMILY = "uvloop"
REQUIRES = ("uvloop",)


def serve(listener: socket.socket, settings: Settings) -> None:
    """Run the server's coroutine on uvloop's event loop."""
    uvloop.run(coroutines.datagrams(listener, settings))
