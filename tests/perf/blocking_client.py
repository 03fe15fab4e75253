"""The client that one would write first: a blocking process for each connection.

Run as `blocking_client.py HOST PORT CONNECTIONS PAYLOAD SECONDS`; prints what client.c prints.
Unlike it, each process compares what comes back, as the load generator does.
"""

import json
import multiprocessing
import os
import socket
import sys
import time
from multiprocessing.synchronize import Barrier

CONTEXT = multiprocessing.get_context("fork")


def exchange(client: socket.socket, request: bytes) -> None:
    """Send a request and wait for the whole reply; exits if it differs."""
    client.sendall(request)
    reply = client.recv(len(request))
    while len(reply) < len(request):
        more = client.recv(len(request) - len(reply))
        if not more:
            break
        reply += more
    if reply != request:
        sys.exit("a reply differs from its request")


def drive(
    address: tuple[str, int],
    payload_bytes: int,
    seconds: float,
    start: Barrier,
    results: "multiprocessing.SimpleQueue[int]",
) -> None:
    """Exchange until the time is up, beginning with all the others; report the count."""
    request = os.urandom(payload_bytes)
    replies = 0
    with socket.create_connection(address) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        start.wait()
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            exchange(client, request)
            replies += 1
    results.put(replies)


def main() -> None:
    """Start the processes together and add up their replies."""
    host, port, connections, payload_bytes, seconds = sys.argv[1:]
    start = CONTEXT.Barrier(int(connections))
    results = CONTEXT.SimpleQueue()
    arguments = ((host, int(port)), int(payload_bytes), float(seconds), start, results)
    processes = [CONTEXT.Process(target=drive, args=arguments) for _ in range(int(connections))]
    for process in processes:
        process.start()
    replies = sum(results.get() for _ in processes)
    print(json.dumps({"replies": replies, "seconds": float(seconds)}))


if __name__ == "__main__":
    main()
