"""The loop that the selectors variants share; they differ in the selector alone."""

import contextlib
import selectors
import socket
from typing import NoReturn

from servers.api import CHUNK


def accept(selector: selectors.BaseSelector, listener: socket.socket) -> None:
    """Take one client that is waiting; another process on the same listener may be faster."""
    with contextlib.suppress(BlockingIOError, ConnectionError):
        client, _ = listener.accept()
        client.setblocking(False)
        selector.register(client, selectors.EVENT_READ, bytearray())


def exchange(selector: selectors.BaseSelector, key: selectors.SelectorKey) -> bool:
    """Read and echo, or send what the client has not taken yet; return False at its end."""
    client: socket.socket = key.fileobj  # type: ignore[assignment]
    unsent: bytearray = key.data
    if unsent:
        del unsent[: client.send(unsent)]
        if not unsent:
            selector.modify(client, selectors.EVENT_READ, unsent)
        return True
    data = client.recv(CHUNK)
    sent = client.send(data) if data else 0
    if sent < len(data):
        # Read no more before this is out: memory stays bounded by one chunk for each client.
        unsent += data[sent:]
        selector.modify(client, selectors.EVENT_WRITE, unsent)
    return bool(data)


def serve(listener: socket.socket, selector: selectors.BaseSelector) -> NoReturn:
    """Echo to every client that is ready, for ever."""
    listener.setblocking(False)
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                accept(selector, listener)
                continue
            try:
                connected = exchange(selector, key)
            except BlockingIOError:
                continue
            except ConnectionError:
                connected = False
            if not connected:
                selector.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]
