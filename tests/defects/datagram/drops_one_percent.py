"""Does not answer each hundredth datagram."""

import socket

from servers.api import Settings
from tests.defects import common

FAMILY = "defect"
EVERY = 100


class Defect(common.Datagrams):
    def answer(self, request: bytes, client: tuple[str, int]) -> None:
        if self.count % EVERY:
            self.transport.sendto(request, client)


def serve(bound: socket.socket, settings: Settings) -> None:
    common.serve_datagrams(bound, Defect)
