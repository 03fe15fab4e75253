"""Sockets of the generator: made alike, from as many source addresses as they need."""

import contextlib
import errno
import ipaddress
import resource
import socket

from loadgen.plan import PlanError, Target

FAMILIES = {
    "tcp": (socket.AF_INET, socket.SOCK_STREAM),
    "tcp6": (socket.AF_INET6, socket.SOCK_STREAM),
    "unix": (socket.AF_UNIX, socket.SOCK_STREAM),
    "udp": (socket.AF_INET, socket.SOCK_DGRAM),
}
# Linux; Python has no name for it. The port is then chosen at connect, by the whole 4-tuple.
IP_BIND_ADDRESS_NO_PORT = 24
DESCRIPTORS_SPARE = 64
DATAGRAM_BUFFER = 4 * 1024 * 1024
# As the servers have it.
CONGESTION_CONTROLS = (b"cubic", b"reno")


class Dialer:
    """Makes non-blocking sockets and starts to connect them."""

    def __init__(self, target: Target) -> None:
        """Keep the target; a name is resolved once, here."""
        self.target = target
        self.address = target.address
        if target.transport in ("tcp", "udp"):
            try:
                self.address = (socket.gethostbyname(target.host), target.port)
            except OSError as error:
                raise PlanError(f"target {target}: {error.strerror}") from None
        self.loopback = (
            isinstance(self.address, tuple)
            and target.transport == "tcp"
            and ipaddress.ip_address(self.address[0]).is_loopback
        )
        self.source = 0

    def dial(self) -> tuple[socket.socket, int]:
        """Return a new socket and the error number of its connect: 0, EINPROGRESS or a failure.

        Where the 28,000 ephemeral ports of one address are used up (EADDRNOTAVAIL), the next
        address of 127.0.0.0/8 becomes the source.
        """
        while True:
            sock = socket.socket(*FAMILIES[self.target.transport])
            sock.setblocking(False)
            if self.target.transport in ("tcp", "tcp6"):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                pin_congestion_control(sock)
            if self.target.transport == "udp":
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, DATAGRAM_BUFFER)
            if self.source:
                sock.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
                sock.bind((f"127.0.{self.source >> 8}.{self.source & 255}", 0))
            number = sock.connect_ex(self.address)
            if number != errno.EADDRNOTAVAIL or not self.loopback or self.source >= 65_000:
                return sock, number
            sock.close()
            self.source = max(2, self.source + 1)


def pin_congestion_control(sock: socket.socket) -> None:
    """Choose the first that the kernel permits: BBR, some kernels' default, paces loopback too."""
    for name in CONGESTION_CONTROLS:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, name)
            return


def raise_descriptor_limit(sockets: int) -> None:
    """Let this process open that many sockets.

    Raises:
        PlanError: the hard limit is lower; says which and how to raise it.
    """
    needed = sockets + DESCRIPTORS_SPARE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard not in (resource.RLIM_INFINITY,) and hard < needed:
        raise PlanError(
            f"{sockets} connections need {needed} open files in one process and the hard limit is "
            f"{hard}: raise it (ulimit -Hn {needed}, or LimitNOFILE=), or spread the load over "
            "more processes"
        )
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
