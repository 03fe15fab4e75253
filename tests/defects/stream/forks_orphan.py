"""Echoes correctly, but leaves a process behind in a session of its own."""

import os
import socket
import time

from servers.api import Settings
from tests.defects import common

FAMILY = "defect"


def leave_orphan() -> None:
    """Fork twice, so that the sleeper has no living parent; its id is printed."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    os.setsid()
    orphan = os.fork()
    if not orphan:
        time.sleep(3600)
    print(f"orphan {orphan}", flush=True)
    os._exit(0)


def serve(listener: socket.socket, settings: Settings) -> None:
    leave_orphan()
    common.serve(listener, settings, common.Echo)
