"""gevent: blocking code in one greenlet for each client."""

import socket
from dataclasses import replace
from functools import partial

import gevent
import gevent.socket
from gevent.server import StreamServer

from servers.api import Settings, echo
from servers.work import Work

FAMILY = "gevent"
REQUIRES = ("gevent",)


def handle(work: Work | None, client: socket.socket, address: object) -> None:
    """Echo one client; its socket is gevent's, so that recv and sendall switch to another."""
    echo(client, work)


def serve(listener: socket.socket, settings: Settings) -> None:
    """Serve for ever."""
    own = gevent.socket.socket(fileno=listener.detach())
    work = settings.work and replace(settings.work, sleep=gevent.sleep)
    StreamServer(own, partial(handle, work)).serve_forever()
