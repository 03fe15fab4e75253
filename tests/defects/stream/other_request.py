"""Answers each hundredth request with the payload of the connection's previous one."""

import socket

from servers.api import Settings
from tests.defects import common

FAMILY = "defect"
EVERY = 100


class Defect(common.Echo):
    count = 0
    previous = b""

    def answer(self, request: bytes) -> None:
        self.count += 1
        stale = self.count % EVERY == 0 and len(self.previous) == len(request)
        self.transport.write(self.previous if stale else request)
        self.previous = request


def serve(listener: socket.socket, settings: Settings) -> None:
    common.serve(listener, settings, Defect)
