"""Readiness events in one thread, by select(): descriptors below 1024 only."""

import resource
import selectors
import socket

from servers.api import Settings
from servers.stream.selectors_default import loop

FAMILY = "selectors"
MAX_CLIENTS = 1000
DESCRIPTORS = 1024


def serve(listener: socket.socket, settings: Settings) -> None:
    """Serve whoever is ready; clients beyond what select() can watch wait in the backlog."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    loop(listener, selectors.SelectSelector(), settings.work)
