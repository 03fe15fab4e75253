"""uvloop with bare sockets: a task for each client, sock_recv, sock_sendall."""

import socket

import uvloop

from servers import coroutines
from servers.api import Settings

FAMILY = "uvloop"
REQUIRES = ("uvloop",)


def serve(listener: socket.socket, settings: Settings) -> None:
    """Run the server's coroutine on uvloop's event loop."""
    uvloop.run(coroutines.sockets(listener, settings))
