"""Echoes its whole receive buffer of 1 KiB instead of the n bytes received."""

import socket

from servers.api import Settings
from tests.defects import common

FAMILY = "defect"
BUFFER_BYTES = 1024


class Defect(common.Echo):
    def answer(self, request: bytes) -> None:
        self.transport.write(request.ljust(BUFFER_BYTES, b"\0"))


def serve(listener: socket.socket, settings: Settings) -> None:
    common.serve(listener, settings, Defect)
