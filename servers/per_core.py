"""One worker process for each CPU, each on a listener of its own: what per-core models share."""

import multiprocessing
import socket
from collections.abc import Callable

from servers.api import Settings


def one_process_per_cpu(
    listener: socket.socket, settings: Settings, work: Callable[[socket.socket], object]
) -> None:
    """Fork a worker for each CPU and let it work on a listener of its own.

    The kernel spreads the clients over the listeners by a hash of their addresses (SO_REUSEPORT).
    All are open before the first worker is, so that no client comes too early for one.
    """
    sockets = [settings.listen() for _ in settings.cpus]
    listener.close()  # a bound datagram socket would get a share of the clients that nobody reads

    def start(own: socket.socket) -> None:
        for other in sockets:
            if other is not own:
                other.close()  # or it would outlive its worker, and its clients hang
        work(own)

    fork = multiprocessing.get_context("fork")
    workers = [fork.Process(target=start, args=(own,)) for own in sockets]
    for worker in workers:
        worker.start()
    for own in sockets:
        own.close()
    for worker in workers:
        worker.join()
