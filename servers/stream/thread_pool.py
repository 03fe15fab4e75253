"""A pool of threads, each serving one client at a time; the others queue."""

import socket
from concurrent.futures import ThreadPoolExecutor

from servers.api import Settings, echo

FAMILY = "thread-pool"
MAX_CLIENTS = "pool"
MANY_CPUS = "free-threaded"
ISOLATES_SLOW_READER = False


def serve(listener: socket.socket, settings: Settings) -> None:
    """Accept clients for ever and queue each for the next free thread."""
    with ThreadPoolExecutor(settings.pool_size) as pool:
        while True:
            client, _ = listener.accept()
            pool.submit(echo, client, settings.work)
