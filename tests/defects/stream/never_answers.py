"""Reads all that comes and never answers."""

import socket

from servers.api import Settings
from tests.defects import common

FAMILY = "defect"


class Defect(common.Echo):
    def answer(self, request: bytes) -> None:
        pass


def serve(listener: socket.socket, settings: Settings) -> None:
    common.serve(listener, settings, Defect)
