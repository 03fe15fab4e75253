"""A server whose truth is known: one queue, programmed service times, every request logged.

    python tests/truth/single_queue.py HOST PORT --log FILE [--payload 64] [--mean-us 1000]
        [--distribution exponential|deterministic] [--seed 1]

It frames by payload size over all connections and serves in the order of arrival, one request at a
time, by watching the clock. It never sleeps: a wake-up costs some 30 µs that no log would show.
While requests wait, a service starts where the one before it ended, so that the cost of reading
and sending falls within the next service instead of adding to it.

`lindley.read_log` reads FILE, which is rewritten when a connection closes, and at the end. Stamps
are of CLOCK_MONOTONIC, which all processes of a machine share.
"""

import argparse
import contextlib
import random
import select
import signal
import socket
import sys
import time
from array import array
from collections import deque
from collections.abc import Callable
from pathlib import Path

from servers import terms

PROBE = b"probe "
CHUNK = 64 * 1024


class Intake:
    """Takes clients and their requests; each is stamped when it is noticed."""

    def __init__(self, listener: socket.socket, payload_bytes: int) -> None:
        """Watch the listener."""
        self.listener = listener
        self.payload_bytes = payload_bytes
        self.clients: dict[int, socket.socket] = {}
        self.partial: dict[int, bytes] = {}
        self.queue: deque[tuple[int, socket.socket, bytes]] = deque()
        self.epoll = select.epoll()
        self.epoll.register(listener, select.EPOLLIN)

    def poll(self) -> bool:
        """Take what is there, without waiting; return whether a connection has closed."""
        closed = False
        for fd, _ in self.epoll.poll(0):
            if fd == self.listener.fileno():
                self._accept()
            else:
                closed |= not self._receive(fd)
        return closed

    def _accept(self) -> None:
        client, _ = self.listener.accept()
        client.setblocking(False)
        self.clients[client.fileno()] = client
        self.partial[client.fileno()] = b""
        self.epoll.register(client, select.EPOLLIN)

    def _receive(self, fd: int) -> bool:
        client = self.clients[fd]
        arrived_ns = time.perf_counter_ns()
        try:
            data = client.recv(CHUNK)
        except ConnectionError:
            data = b""
        if not data:
            del self.clients[fd], self.partial[fd]
            self.epoll.unregister(fd)
            client.close()
            return False
        if data.startswith(PROBE):
            client.sendall(data)  # the house asks whether we are ready; no part of the load
            return True
        data = self.partial[fd] + data
        whole = len(data) - len(data) % self.payload_bytes
        self.partial[fd] = data[whole:]
        for start in range(0, whole, self.payload_bytes):
            self.queue.append((arrived_ns, client, data[start : start + self.payload_bytes]))
        return True


def serve(intake: Intake, draw_ns: Callable[[], int], log: "array[int]", path: Path) -> None:
    """Serve one request after the other, for ever; log arrival, start and service of each."""
    ended_ns = 0
    while True:
        if intake.poll():
            path.write_bytes(log.tobytes())
        if not intake.queue:
            continue
        arrived_ns, client, request = intake.queue.popleft()
        started_ns = max(arrived_ns, ended_ns)
        due_ns = started_ns + draw_ns()
        while (ended_ns := time.perf_counter_ns()) < due_ns:
            intake.poll()
        log.extend((arrived_ns, started_ns, ended_ns - started_ns))
        with contextlib.suppress(OSError):  # a client that has left, or does not read
            client.sendall(request)


def service_times(distribution: str, mean_us: float, seed: int) -> Callable[[], int]:
    """Return a function that draws the next service time in nanoseconds."""
    if distribution == "deterministic":
        return lambda: round(mean_us * 1000)
    # Not the plain seed: a load generator given the same one would draw its gaps in step with the
    # services, and no queue would ever form.
    generator = random.Random(f"services {seed}")
    return lambda: round(generator.expovariate(1 / mean_us) * 1000)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="A single queue with programmed service times.")
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--payload", type=int, default=64, help="bytes of a request")
    parser.add_argument("--mean-us", type=float, default=1000.0, help="mean service time")
    choices = ("exponential", "deterministic")
    parser.add_argument("--distribution", choices=choices, default=choices[0])
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    """Bind, serve, and write the log at the end."""
    asked = arguments()
    listener = terms.bind("tcp", (asked.host, asked.port))
    listener.listen(terms.backlog())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    log = array("q")
    draw_ns = service_times(asked.distribution, asked.mean_us, asked.seed)
    try:
        serve(Intake(listener, asked.payload), draw_ns, log, asked.log)
    finally:
        asked.log.write_bytes(log.tobytes())


if __name__ == "__main__":
    main()
