"""A pool of subinterpreters, each serving one client at a time; the others queue."""

import socket
from concurrent.futures import InterpreterPoolExecutor  # type: ignore[attr-defined]

from servers.api import Settings, echo
from servers.work import Work

FAMILY = "interpreter-pool"
MAX_CLIENTS = "pool"
MANY_CPUS = True
ISOLATES_SLOW_READER = False
PYTHON = (3, 14)


def serve_client(fd: int, work: Work | None) -> None:
    """Serve a client that comes as a number: no object can be shared."""
    echo(socket.socket(fileno=fd), work)


def serve(listener: socket.socket, settings: Settings) -> None:
    """Accept clients for ever and queue each for the next free interpreter."""
    with InterpreterPoolExecutor(settings.pool_size) as pool:
        while True:
            client, _ = listener.accept()
            pool.submit(serve_client, client.detach(), settings.work)
