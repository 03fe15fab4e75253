"""Ends with status 3 a while after the load has begun."""

import asyncio
import os
import socket

from servers.api import Settings
from tests.defects import common

FAMILY = "defect"


class Defect(common.Echo):
    def begin(self) -> None:
        asyncio.get_running_loop().call_later(common.AFTER_S, os._exit, 3)


def serve(listener: socket.socket, settings: Settings) -> None:
    common.serve(listener, settings, Defect)
