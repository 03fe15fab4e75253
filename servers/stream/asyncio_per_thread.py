"""One thread for each CPU, each with its own listener and asyncio loop."""

import asyncio
import socket
import threading

from servers.api import Settings
from servers.stream.asyncio_protocol import main

FAMILY = "per-core"
OWN_LISTENERS = True
MANY_CPUS = True


def serve(listener: socket.socket, settings: Settings) -> None:
    """Run a protocol server in every thread; without the GIL they run side by side."""

    def work(own: socket.socket) -> None:
        asyncio.run(main(own, settings))

    listeners = [settings.listen() for _ in settings.cpus]
    listener.close()
    threads = [threading.Thread(target=work, args=(own,)) for own in listeners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
