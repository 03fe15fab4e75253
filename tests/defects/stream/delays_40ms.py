"""Answers every client correctly, 40 ms late: what Nagle with a delayed ACK looks like."""

import asyncio
import socket

from servers.api import Settings
from tests.defects import common

FAMILY = "defect"
DELAY_S = 0.04


class Defect(common.Echo):
    def answer(self, request: bytes) -> None:
        asyncio.get_running_loop().call_later(DELAY_S, self.transport.write, request)


def serve(listener: socket.socket, settings: Settings) -> None:
    common.serve(listener, settings, Defect)
