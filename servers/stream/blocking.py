"""One client at a time: served to its end before the next is accepted."""

import socket

from servers.api import Settings, echo

FAMILY = "blocking"
MAX_CLIENTS = 1
ISOLATES_SLOW_READER = False


def serve(listener: socket.socket, settings: Settings) -> None:
    """Accept a client, echo until it leaves, accept the next."""
    while True:
        client, _ = listener.accept()
        echo(client, settings.work)
