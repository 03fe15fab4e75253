"""Swaps the replies of two connections."""

import socket
from typing import ClassVar

from servers.api import Settings
from tests.defects import common

FAMILY = "defect"


class Defect(common.Echo):
    held: "ClassVar[tuple[Defect, bytes] | None]" = None

    def answer(self, request: bytes) -> None:
        if Defect.held is None or Defect.held[0] is self:
            Defect.held = (self, request)
            return
        other, its_request = Defect.held
        Defect.held = None
        other.transport.write(request)
        self.transport.write(its_request)


def serve(listener: socket.socket, settings: Settings) -> None:
    common.serve(listener, settings, Defect)
