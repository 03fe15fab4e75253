"""Readiness events in one thread, with the best selector of the platform (epoll on Linux)."""

import selectors
import socket

from servers import readiness
from servers.api import Settings

FAMILY = "selectors"


def serve(listener: socket.socket, settings: Settings) -> None:
    """Serve whoever is ready."""
    readiness.serve(listener, selectors.DefaultSelector())
