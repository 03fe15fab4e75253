"""Non-blocking sockets tried in turn, ready or not: it never sleeps."""

import contextlib
import socket

from servers.api import CHUNK, Settings
from servers.work import Timers, Work

FAMILY = "busy-poll"


def exchange(
    client: socket.socket, unsent: bytearray, work: Work | None, timers: Timers | None
) -> bool:
    """Read if nothing is left to send, send what the client takes; return False at its end."""
    try:
        if not unsent:
            data = client.recv(CHUNK)
            if not data:
                return False
            if work and timers and work.asked_for(data):
                work.then(timers.later, unsent.extend, data)
            else:
                unsent += data
        del unsent[: client.send(unsent)]
    except BlockingIOError:
        pass
    except ConnectionError:
        return False
    return True


def serve(listener: socket.socket, settings: Settings) -> None:
    """Try to accept, then try every client, for ever."""
    listener.setblocking(False)
    clients: dict[socket.socket, bytearray] = {}
    work = settings.work
    timers = Timers() if work else None
    while True:
        with contextlib.suppress(BlockingIOError):
            client, _ = listener.accept()
            client.setblocking(False)
            clients[client] = bytearray()
        for client, unsent in list(clients.items()):
            if not exchange(client, unsent, work, timers):
                del clients[client]
                client.close()
        if timers:
            timers.run_due()
