"""One blocking loop: each datagram goes back before the next is read."""

import socket

from servers.api import CHUNK, Settings

FAMILY = "blocking"


def serve(listener: socket.socket, settings: Settings) -> None:
    """Send every datagram back to where it came from."""
    while True:
        data, client = listener.recvfrom(CHUNK)
        listener.sendto(data, client)
