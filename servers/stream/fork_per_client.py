"""One forked process for each client."""

import os
import signal
import socket

from servers.api import Settings, echo

FAMILY = "fork-per-client"
MANY_CPUS = True


def reap(*_: object) -> None:
    """Collect the children that have ended, which also counts their CPU time to this process."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def serve(listener: socket.socket, settings: Settings) -> None:
    """Accept clients for ever and fork a child for each; the parent closes its copy."""
    signal.signal(signal.SIGCHLD, reap)
    while True:
        client, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            echo(client, settings.work)
            os._exit(0)
        client.close()
