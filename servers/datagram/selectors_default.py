"""Readiness events in one thread: the platform's best selector (epoll)."""

import selectors
import socket

from servers import readiness
from servers.api import Settings

FAMILY = "selectors"


def serve(listener: socket.socket, settings: Settings) -> None:
    """Answer whenever the socket is ready."""
    readiness.serve_datagrams(listener, selectors.DefaultSelector())
