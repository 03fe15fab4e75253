"""Answers the first request and then sends without end."""

import contextlib
import socket
import threading

from servers.api import Settings
from tests.defects import common

FAMILY = "defect"


def flood(client: socket.socket) -> None:
    with client, contextlib.suppress(ConnectionError):
        client.sendall(client.recv(common.CHUNK))
        while True:
            client.sendall(bytes(common.CHUNK))


def serve(listener: socket.socket, settings: Settings) -> None:
    common.answer_probe(listener)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=flood, args=(client,), daemon=True).start()
