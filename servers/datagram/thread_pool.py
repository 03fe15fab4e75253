"""A fixed pool of threads that all read from the one socket."""

import socket
import threading

from servers.api import CHUNK, Settings

FAMILY = "thread-pool"
MANY_CPUS = "free-threaded"


def work(listener: socket.socket) -> None:
    """Send every datagram back; the kernel wakes one of the threads that wait."""
    while True:
        data, client = listener.recvfrom(CHUNK)
        listener.sendto(data, client)


def serve(listener: socket.socket, settings: Settings) -> None:
    """Start the threads and wait for them."""
    threads = [threading.Thread(target=work, args=(listener,)) for _ in range(settings.pool_size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
