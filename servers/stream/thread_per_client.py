"""One blocking thread for each client."""

import socket
import threading

from servers.api import Settings, echo

FAMILY = "thread-per-client"
MANY_CPUS = "free-threaded"


def serve(listener: socket.socket, settings: Settings) -> None:
    """Accept clients for ever and give each a thread of its own."""
    while True:
        client, _ = listener.accept()
        threading.Thread(target=echo, args=(client, settings.work), daemon=True).start()
