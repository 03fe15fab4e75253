"""Closes each connection instead of sending its 101st reply."""

import socket

from servers.api import Settings
from tests.defects import common

FAMILY = "defect"
LIMIT = 100


class Defect(common.Echo):
    replies = 0

    def answer(self, request: bytes) -> None:
        if self.replies == LIMIT:
            self.transport.close()
            return
        self.transport.write(request)
        self.replies += 1


def serve(listener: socket.socket, settings: Settings) -> None:
    common.serve(listener, settings, Defect)
