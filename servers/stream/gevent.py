"""gevent: blocking code in one greenlet for each client."""

import socket

import gevent.socket
from gevent.server import StreamServer

from servers.api import Settings, echo

FAMILY = "gevent"
REQUIRES = ("gevent",)


def handle(client: socket.socket, address: object) -> None:
    """Echo one client; its socket is gevent's, so that recv and sendall switch to another."""
    echo(client)


def serve(listener: socket.socket, settings: Settings) -> None:
    """Serve for ever."""
    own = gevent.socket.socket(fileno=listener.detach())
    StreamServer(own, handle).serve_forever()
