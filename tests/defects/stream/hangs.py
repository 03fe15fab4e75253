"""Falls silent a while after the load has begun, with all connections open."""

import asyncio
import socket
import time

from servers.api import Settings
from tests.defects import common

FAMILY = "defect"
FOR_EVER_S = 3600


class Defect(common.Echo):
    def begin(self) -> None:
        asyncio.get_running_loop().call_later(common.AFTER_S, time.sleep, FOR_EVER_S)


def serve(listener: socket.socket, settings: Settings) -> None:
    common.serve(listener, settings, Defect)
