"""An echo server in a thread of the test, whose replies a test may spoil."""

import contextlib
import itertools
import socketserver
import threading
from collections.abc import Callable, Iterator

from loadgen.plan import Target

RECEIVE = 1 << 20


def honest(data: bytes, _: int) -> bytes:
    return data


@contextlib.contextmanager
def serving(reply: Callable[[bytes, int], bytes] = honest) -> Iterator[Target]:
    """Serve on loopback; `reply` makes of what has come, and its number, what goes back."""
    numbers = itertools.count()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(ConnectionError):
                while data := self.request.recv(RECEIVE):
                    self.request.sendall(reply(data, next(numbers)))

    class Threads(socketserver.ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 1024

    with Threads(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield Target("tcp", "127.0.0.1", server.server_address[1])
        finally:
            server.shutdown()
