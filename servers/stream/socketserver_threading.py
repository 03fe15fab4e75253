"""The standard library's ThreadingTCPServer: a thread for each client."""

import socket
import socketserver

from servers.api import Settings, echo

FAMILY = "thread-per-client"
MANY_CPUS = "free-threaded"


class Handler(socketserver.BaseRequestHandler):
    """Echo one client."""

    server: "Server"

    def handle(self) -> None:
        """Serve the client until its end."""
        echo(self.request, self.server.settings.work)


class Server(socketserver.ThreadingTCPServer):
    """A threading server on the socket that it is given."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, settings: Settings) -> None:
        """Take the listener in place of the socket that the base class has made."""
        super().__init__(listener.getsockname(), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.settings = settings


def serve(listener: socket.socket, settings: Settings) -> None:
    """Serve for ever."""
    Server(listener, settings).serve_forever()
