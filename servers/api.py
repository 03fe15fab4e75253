"""What a server variant may use: its settings, the receive chunk, and the blocking echo."""

import contextlib
import os
import socket
from dataclasses import dataclass

from servers import terms
from servers.work import Work

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
    work: what a marked request asks for beside its echo; None: nothing is marked
    """

    backlog: int
    pool_size: int
    cpus: tuple[int, ...]
    transport: str
    address: terms.Address
    fd: int = -1
    work: Work | None = None

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


def echo(client: socket.socket, work: Work | None = None) -> None:
    """Send everything that a blocking stream socket receives back to it, until its end."""
    # A client may reset its connection at any time; that must not end the server.
    with client, contextlib.suppress(ConnectionError):
        while data := client.recv(CHUNK):
            if work and work.asked_for(data):
                work.do()
            client.sendall(data)
