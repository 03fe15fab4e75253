"""What a server variant may use: its settings, the receive chunk, and the blocking echo."""

import contextlib
import multiprocessing
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass

from servers import terms

# The receive chunk of every model that lets us choose one.
CHUNK = 64 * 1024


@dataclass(frozen=True)
class Settings:
    """The terms that a variant is run on, the same for every variant of a run.

    backlog: length of the accept queue, to be passed on by models that call `listen` again
    pool_size: workers of a pool, whether threads or processes
    cpus: the CPUs that the server may use; one worker for each in a per-core model
    transport, address: where the house has bound the socket
    fd: the descriptor of that socket, or -1 outside a server
    """

    backlog: int
    pool_size: int
    cpus: tuple[int, ...]
    transport: str
    address: terms.Address
    fd: int = -1

    def listen(self) -> socket.socket:
        """Open one more listener on the house's address, with the same options (SO_REUSEPORT).

        Unix sockets know no SO_REUSEPORT: there it is the house's own queue once more, so call
        this before that is closed.
        """
        if self.transport == "unix":
            listener = socket.socket(fileno=os.dup(self.fd))
        else:
            listener = terms.bind(self.transport, self.address, reuse_port=True)
        if self.transport != "udp":
            listener.listen(self.backlog)
        return listener


def echo(client: socket.socket) -> None:
    """Send everything that a blocking stream socket receives back to it, until its end."""
    # A client may reset its connection at any time; that must not end the server.
    with client, contextlib.suppress(ConnectionError):
        while data := client.recv(CHUNK):
            client.sendall(data)


def one_process_per_cpu(
    listener: socket.socket, settings: Settings, work: Callable[[socket.socket], object]
) -> None:
    """Fork a worker for each CPU and let it work on a listener of its own.

    The kernel spreads the clients over the listeners by a hash of their addresses (SO_REUSEPORT).
    All are open before the first worker is, so that no client comes too early for one.
    """
    sockets = [settings.listen() for _ in settings.cpus]
    listener.close()  # a bound datagram socket would get a share of the clients that nobody reads

    def start(own: socket.socket) -> None:
        for other in sockets:
            if other is not own:
                other.close()  # or it would outlive its worker, and its clients hang
        work(own)

    fork = multiprocessing.get_context("fork")
    workers = [fork.Process(target=start, args=(own,)) for own in sockets]
    for worker in workers:
        worker.start()
    for own in sockets:
        own.close()
    for worker in workers:
        worker.join()
