"""Twisted: a protocol's callbacks on the reactor."""

import socket

from twisted.internet import protocol, reactor

from servers.api import Settings
from servers.work import Work

FAMILY = "twisted"
REQUIRES = ("twisted",)


class Echo(protocol.Protocol):
    """Echo one client."""

    def connectionMade(self) -> None:  # noqa: N802 (Twisted's name)
        """Stop reading from a client that does not read its replies."""
        self.transport.registerProducer(self.transport, streaming=True)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 (Twisted's name)
        """Send it back, once the work that it asks for is done."""
        work: Work | None = self.factory.work
        if work and work.asked_for(data):
            work.then(reactor.callLater, self.transport.write, data)
        else:
            self.transport.write(data)


def serve(listener: socket.socket, settings: Settings) -> None:
    """Hand the listener to the reactor and run it."""
    factory = protocol.Factory.forProtocol(Echo)
    factory.work = settings.work
    factory.noisy = False
    listener.setblocking(False)
    reactor.adoptStreamPort(listener.fileno(), listener.family, factory)
    listener.listen(settings.backlog)  # on a Unix socket Twisted has listened again, with 50
    reactor.run()
