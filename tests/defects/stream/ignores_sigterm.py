"""Echoes correctly, but does not end when it is asked to."""

import signal
import socket

from servers.api import Settings
from tests.defects import common

FAMILY = "defect"


def serve(listener: socket.socket, settings: Settings) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    common.serve(listener, settings, common.Echo)
