"""One process for each CPU, each with its own listener and selector."""

import selectors
import socket

from servers.api import Settings
from servers.per_core import one_process_per_cpu
from servers.stream.selectors_default import loop

FAMILY = "per-core"
OWN_LISTENERS = True
MANY_CPUS = True


def serve(listener: socket.socket, settings: Settings) -> None:
    """Run the loop of one process on every CPU."""

    def work(own: socket.socket) -> None:
        loop(own, selectors.DefaultSelector(), settings.work)

    one_process_per_cpu(listener, settings, work)
