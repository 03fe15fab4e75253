"""Holds each hundredth reply until the next of the same client has gone out."""

import socket

from servers.api import Settings
from tests.defects import common

FAMILY = "defect"
EVERY = 100


class Defect(common.Datagrams):
    def __init__(self) -> None:
        self.held: dict[tuple[str, int], bytes] = {}

    def answer(self, request: bytes, client: tuple[str, int]) -> None:
        late = self.held.pop(client, None)
        if late is None and self.count % EVERY == 0:
            self.held[client] = request
            return
        self.transport.sendto(request, client)
        if late is not None:
            self.transport.sendto(late, client)


def serve(bound: socket.socket, settings: Settings) -> None:
    common.serve_datagrams(bound, Defect)
