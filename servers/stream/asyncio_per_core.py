"""One process for each CPU, each with its own listener and asyncio loop."""

import asyncio
import socket

from servers.api import Settings
from servers.per_core import one_process_per_cpu
from servers.stream.asyncio_protocol import main

FAMILY = "per-core"
OWN_LISTENERS = True
MANY_CPUS = True


def serve(listener: socket.socket, settings: Settings) -> None:
    """Run the protocol server of one process on every CPU."""

    def work(own: socket.socket) -> None:
        asyncio.run(main(own, settings))

    one_process_per_cpu(listener, settings, work)
