"""Readiness events in one thread: the platform's best selector (epoll)."""

import errno
import selectors
import socket
from typing import NoReturn

from servers.api import CHUNK, Settings
from servers.work import Timers, Work

FAMILY = "selectors"
NO_DESCRIPTOR_LEFT = (errno.EMFILE, errno.ENFILE)


def accept(selector: selectors.BaseSelector, listener: socket.socket) -> None:
    """Take one client that is waiting; another process on the same listener may be faster."""
    try:
        client, _ = listener.accept()
    except (BlockingIOError, ConnectionError):
        return
    except OSError as error:
        if error.errno not in NO_DESCRIPTOR_LEFT:
            raise
        # Who waits stays in the backlog until somebody leaves; asking again at once would spin.
        selector.unregister(listener)
        return
    client.setblocking(False)
    selector.register(client, selectors.EVENT_READ, bytearray())


def exchange(
    selector: selectors.BaseSelector,
    key: selectors.SelectorKey,
    work: Work | None,
    timers: Timers | None,
) -> bool:
    """Read and echo, or send what the client has not taken yet; return False at its end."""
    client: socket.socket = key.fileobj  # type: ignore[assignment]
    unsent: bytearray = key.data
    if unsent:
        del unsent[: client.send(unsent)]
        if not unsent:
            selector.modify(client, selectors.EVENT_READ, unsent)
        return True
    data = client.recv(CHUNK)
    if not data:
        return False
    if work and timers and work.asked_for(data):
        work.then(timers.later, reply, selector, client, unsent, data)
        return True
    try:
        sent = client.send(data)
    except BlockingIOError:
        sent = 0
    if sent < len(data):
        keep(selector, client, unsent, data[sent:])
    return True


def reply(
    selector: selectors.BaseSelector, client: socket.socket, unsent: bytearray, data: bytes
) -> None:
    """Send what the client takes, now that its work is done."""
    try:
        sent = client.send(data)
    except BlockingIOError:
        sent = 0
    except OSError:
        return  # it has left meanwhile: its next event says so, if that was not its last
    if sent < len(data):
        keep(selector, client, unsent, data[sent:])


def keep(
    selector: selectors.BaseSelector, client: socket.socket, unsent: bytearray, rest: bytes
) -> None:
    """Read no more before this is out: memory stays bounded by one chunk for each client."""
    unsent += rest
    selector.modify(client, selectors.EVENT_WRITE, unsent)


def loop(
    listener: socket.socket, selector: selectors.BaseSelector, work: Work | None = None
) -> NoReturn:
    """Echo to every client that is ready, for ever; without work there are no timers to ask."""
    listener.setblocking(False)
    selector.register(listener, selectors.EVENT_READ)
    timers = Timers() if work else None
    while True:
        for key, _ in selector.select(timers.run_due() if timers else None):
            if key.fileobj is listener:
                accept(selector, listener)
                continue
            try:
                connected = exchange(selector, key, work, timers)
            except BlockingIOError:
                continue
            except ConnectionError:
                connected = False
            if not connected:
                selector.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]
                if listener not in selector.get_map():
                    selector.register(listener, selectors.EVENT_READ)


def serve(listener: socket.socket, settings: Settings) -> None:
    """Serve whoever is ready."""
    loop(listener, selectors.DefaultSelector(), settings.work)
