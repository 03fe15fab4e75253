"""Answers each hundredth datagram twice."""

import socket

from servers.api import Settings
from tests.defects import common

FAMILY = "defect"
EVERY = 100


class Defect(common.Datagrams):
    def answer(self, request: bytes, client: tuple[str, int]) -> None:
        self.transport.sendto(request, client)
        if self.count % EVERY == 0:
            self.transport.sendto(request, client)


def serve(bound: socket.socket, settings: Settings) -> None:
    common.serve_datagrams(bound, Defect)
