"""A pool of processes on one listener, each serving one client at a time."""

import multiprocessing
import socket

from servers.api import Settings, echo

FAMILY = "process-pool"
MAX_CLIENTS = "pool"
MANY_CPUS = True
ISOLATES_SLOW_READER = False


def serve_clients(listener: socket.socket, settings: Settings) -> None:
    """Serve one client after another; the kernel gives each to one of the waiting workers."""
    while True:
        client, _ = listener.accept()
        echo(client, settings.work)


def serve(listener: socket.socket, settings: Settings) -> None:
    """Start the workers and wait for them."""
    fork = multiprocessing.get_context("fork")
    order = (listener, settings)
    workers = [fork.Process(target=serve_clients, args=order) for _ in range(settings.pool_size)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
