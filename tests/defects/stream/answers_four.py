"""Answers the first four clients only; the others wait for ever."""

import socket

from servers.api import Settings
from tests.defects import common

FAMILY = "defect"
SERVED = 4


class Defect(common.Echo):
    def answer(self, request: bytes) -> None:
        if self.number <= SERVED:
            self.transport.write(request)


def serve(listener: socket.socket, settings: Settings) -> None:
    common.serve(listener, settings, Defect)
