"""Readiness events in one thread, by poll(): it scans all sockets each time."""

import selectors
import socket

from servers.api import Settings
from servers.stream.selectors_default import loop

FAMILY = "selectors"


def serve(listener: socket.socket, settings: Settings) -> None:
    """Serve whoever is ready."""
    loop(listener, selectors.PollSelector(), settings.work)
