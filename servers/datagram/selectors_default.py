"""Readiness events in one thread: the platform's best selector (epoll)."""

import contextlib
import selectors
import socket
from typing import NoReturn

from servers.api import CHUNK, Settings

FAMILY = "selectors"


def loop(listener: socket.socket, selector: selectors.BaseSelector) -> NoReturn:
    """Answer every datagram that is waiting, then wait for more."""
    listener.setblocking(False)
    selector.register(listener, selectors.EVENT_READ)
    while True:
        selector.select()
        # BlockingIOError: nothing is left to read, or an answer found no room and is lost.
        with contextlib.suppress(BlockingIOError, ConnectionError):
            while True:
                data, client = listener.recvfrom(CHUNK)
                listener.sendto(data, client)


def serve(listener: socket.socket, settings: Settings) -> None:
    """Answer whenever the socket is ready."""
    loop(listener, selectors.DefaultSelector())
