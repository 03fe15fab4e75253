"""Sends one surplus byte behind each thousandth reply."""

import socket
from typing import ClassVar

from servers.api import Settings
from tests.defects import common

FAMILY = "defect"
EVERY = 1000


class Defect(common.Echo):
    replies: ClassVar[int] = 0

    def answer(self, request: bytes) -> None:
        Defect.replies += 1
        self.transport.write(request if Defect.replies % EVERY else request + b"!")


def serve(listener: socket.socket, settings: Settings) -> None:
    common.serve(listener, settings, Defect)
