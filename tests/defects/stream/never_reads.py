"""Accepts every client and never reads from it."""

import socket

from servers.api import Settings
from tests.defects import common

FAMILY = "defect"


def serve(listener: socket.socket, settings: Settings) -> None:
    common.answer_probe(listener)
    kept = []
    while True:
        kept.append(listener.accept())
