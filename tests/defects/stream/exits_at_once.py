"""Prints an error and ends with status 3 before it is ready."""

import socket
import sys

from servers.api import Settings

FAMILY = "defect"


def serve(listener: socket.socket, settings: Settings) -> None:
    print("no licence found", file=sys.stderr)
    sys.exit(3)
