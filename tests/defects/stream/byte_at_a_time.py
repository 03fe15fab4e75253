"""Answers correctly, but sends each byte on its own."""

import contextlib
import socket
import threading

from servers.api import CHUNK, Settings

FAMILY = "defect"


def trickle(client: socket.socket) -> None:
    with client, contextlib.suppress(ConnectionError):
        while data := client.recv(CHUNK):
            for byte in data:
                client.sendall(bytes([byte]))


def serve(listener: socket.socket, settings: Settings) -> None:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=trickle, args=(client,), daemon=True).start()
