"""gevent: blocking code on its own socket, which switches where it would wait."""

import socket

import gevent.socket

from servers.api import CHUNK, Settings

FAMILY = "gevent"
REQUIRES = ("gevent",)


def serve(listener: socket.socket, settings: Settings) -> None:
    """Send every datagram back; gevent's DatagramServer would cut it at 8,192 bytes."""
    own = gevent.socket.socket(fileno=listener.detach())
    while True:
        data, client = own.recvfrom(CHUNK)
        own.sendto(data, client)
