"""Twisted: a protocol's callbacks on the reactor."""

import socket

from twisted.internet import protocol, reactor

from servers.api import Settings

FAMILY = "twisted"
REQUIRES = ("twisted",)


class Echo(protocol.Protocol):
    """Echo one client."""

    def connectionMade(self) -> None:  # noqa: N802 (Twisted's name)
        """Stop reading from a client that does not read its replies."""
        self.transport.registerProducer(self.transport, streaming=True)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 (Twisted's name)
        """Send it back."""
        self.transport.write(data)


def serve(listener: socket.socket, settings: Settings) -> None:
    """Hand the listener to the reactor and run it."""
    factory = protocol.Factory.forProtocol(Echo)
    factory.noisy = False
    listener.setblocking(False)
    reactor.adoptStreamPort(listener.fileno(), listener.family, factory)
    listener.listen(settings.backlog)  # on a Unix socket Twisted has listened again, with 50
    reactor.run()
