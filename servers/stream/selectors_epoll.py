"""Readiness events in one thread, by epoll: it returns only ready sockets."""

import selectors
import socket

from servers.api import Settings
from servers.stream.selectors_default import loop

FAMILY = "selectors"


def serve(listener: socket.socket, settings: Settings) -> None:
    """Serve whoever is ready."""
    loop(listener, selectors.EpollSelector(), settings.work)
