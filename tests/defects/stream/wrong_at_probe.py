"""Inverts every byte, from the first that it is sent."""

import socket

from servers.api import Settings
from tests.defects import common

FAMILY = "defect"


class Defect(common.Echo):
    def data_received(self, data: bytes) -> None:
        self.transport.write(bytes(byte ^ 0xFF for byte in data))


def serve(listener: socket.socket, settings: Settings) -> None:
    common.serve(listener, settings, Defect)
