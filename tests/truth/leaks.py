"""Keeps 1,000 bytes of each request for ever."""

import socket

from servers.api import Settings
from tests.defects import common

FAMILY = "truth"
KEPT_BYTES = 1000
KEPT: list[bytes] = []


class Leaking(common.Echo):
    def answer(self, request: bytes) -> None:
        KEPT.append(bytes(KEPT_BYTES))
        self.transport.write(request)


def serve(listener: socket.socket, settings: Settings) -> None:
    common.serve(listener, settings, Leaking)
