"""Leaves out the last byte of each reply."""

import socket

from servers.api import Settings
from tests.defects import common

FAMILY = "defect"


class Defect(common.Echo):
    def answer(self, request: bytes) -> None:
        self.transport.write(request[:-1])


def serve(listener: socket.socket, settings: Settings) -> None:
    common.serve(listener, settings, Defect)
