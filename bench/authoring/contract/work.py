"""What a stream server must do with a request that asks for work."""

import os
import time
from dataclasses import replace

from bench.authoring.contract.client import Broken, connect, echoed
from bench.launch.launcher import Server
from loadgen.marks import marked
from servers.work import WAIT

# What is asked for: turns of a computation, which is done in the same form whether it holds the GIL
# or not; and seconds of a wait, longer than any echo takes.
AMOUNTS = {"spin": 1000.0, WAIT: 0.05}
PAYLOAD_BYTES = 64
# libuv's timers count in whole milliseconds, from the time at which its loop woke up: one of 50 ms
# was seen to end after 49.7.
EARLY_S = 0.001


def work(server: Server) -> None:
    """Ask another process of the server for work, between plain requests.

    A foreign command cannot be told of work.

    Raises:
        Broken: a reply is wrong, or comes before the wait is over
    """
    variant = server.spec.variant
    cannot = variant.cannot if variant else ()
    for kind, amount in AMOUNTS.items():
        if server.spec.command is None and kind not in cannot:
            asked: dict[str, float | str] = {"kind": kind, "amount": amount}
            with Server(server.spec, server.transport, replace(server.fair, work=asked)) as other:
                _asked(other, kind)


def _asked(server: Server, kind: str) -> None:
    plain = b"\0" * PAYLOAD_BYTES
    with connect(server) as client:
        for _ in range(2):
            echoed(client, plain)
            began_s = time.monotonic()
            try:
                echoed(client, marked(os.urandom(PAYLOAD_BYTES)))
            except Broken as broken:
                raise Broken(f"asked for work ({kind}): {broken}") from None
            took_s = time.monotonic() - began_s
            if kind == WAIT and took_s < AMOUNTS[WAIT] - EARLY_S:
                raise Broken(
                    f"a request that asks for a wait of {AMOUNTS[WAIT] * 1000:g} ms was answered "
                    f"after {took_s * 1000:.1f} ms"
                )
