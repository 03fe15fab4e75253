"""uvloop with bare sockets: a task for each client, sock_recv, sock_sendall."""

import socket

import uvloop

from servers.api import Settings
from servers.stream.asyncio_sockets import main

FAMILY = "uvloop"
REQUIRES = ("uvloop",)


def serve(listener: socket.socket, settings: Settings) -> None:
    """Run asyncio's server on uvloop's event loop."""
    uvloop.run(main(listener, settings))
