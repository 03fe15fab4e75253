"""Resets each connection instead of sending its 101st reply."""

import socket
import struct

from servers.api import Settings
from tests.defects import common

FAMILY = "defect"
LIMIT = 100


class Defect(common.Echo):
    replies = 0

    def answer(self, request: bytes) -> None:
        if self.replies == LIMIT:
            client = self.transport.get_extra_info("socket")
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
            return
        self.transport.write(request)
        self.replies += 1


def serve(listener: socket.socket, settings: Settings) -> None:
    common.serve(listener, settings, Defect)
