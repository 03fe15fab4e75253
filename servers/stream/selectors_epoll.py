"""Readiness events in one thread, by epoll: it returns only ready sockets."""

import selectors
import socket

from servers import readiness
from servers.api import Settings

FAMILY = "selectors"


def serve(listener: socket.socket, settings: Settings) -> None:
    """Serve whoever is ready."""
    readiness.serve(listener, selectors.EpollSelector())
