"""Does the work of the requests that do not ask for it, and none for those that do."""

import socket
import threading

from servers.api import CHUNK, Settings
from servers.work import Work

FAMILY = "defect"


def echo(client: socket.socket, work: Work | None) -> None:
    with client:
        while data := client.recv(CHUNK):
            if work and not work.asked_for(data):
                work.do()
            client.sendall(data)


def serve(listener: socket.socket, settings: Settings) -> None:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=echo, args=(client, settings.work), daemon=True).start()
