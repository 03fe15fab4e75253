"""Answers every fourth client for a while, and then not any more."""

import socket
import time

from servers.api import Settings
from tests.defects import common

FAMILY = "defect"


class Defect(common.Echo):
    begun_s = 0.0

    def answer(self, request: bytes) -> None:
        now_s = time.monotonic()
        self.begun_s = self.begun_s or now_s
        if self.number % 4 or now_s < self.begun_s + common.AFTER_S:
            self.transport.write(request)


def serve(listener: socket.socket, settings: Settings) -> None:
    common.serve(listener, settings, Defect)
