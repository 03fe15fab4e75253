"""Sockets of the generator: made alike, from as many source addresses and ports as they need.

A connection is known by four numbers, and the one who hangs up first keeps them for a while
(TIME_WAIT). To one address of a server Linux has 28,232 ports, takes every second one first, and
looks through the others only when those are used up, which makes a connect last 20 ms: a client
that always dials from one address measures that. So each dial over loopback has another address.
"""

import contextlib
import errno
import ipaddress
import itertools
import os
import socket
from pathlib import Path

from loadgen.plan import Plan, PlanError, Target

FAMILIES = {
    "tcp": (socket.AF_INET, socket.SOCK_STREAM),
    "tcp6": (socket.AF_INET6, socket.SOCK_STREAM),
    "unix": (socket.AF_UNIX, socket.SOCK_STREAM),
    "udp": (socket.AF_INET, socket.SOCK_DGRAM),
}
# Linux; Python has no name for it. The port is then chosen at connect, by the whole 4-tuple.
IP_BIND_ADDRESS_NO_PORT = 24
# Source addresses over loopback, 127.0.1.1 and up; all of 127.0.0.0/8 is the machine itself.
LOOPBACK_SOURCES = 250
DATAGRAM_BUFFER = 4 * 1024 * 1024
# As the servers have it.
CONGESTION_CONTROLS = (b"cubic", b"reno")
PORT_ATTEMPTS = 64
# sun_path has 108 bytes, one of them for its end.
UNIX_PATH_MOST = 107
# How long a refusal of a datagram is waited for, and an answer to a connect.
REFUSED_S, CONNECT_S = 0.2, 10.0

Address = tuple[str, int] | str


class Dialer:
    """Makes non-blocking sockets and starts to connect them.

    turns: how many sources it has taken so far: where the next load begins
    """

    def __init__(self, plan: Plan, first: int = 0, stride: int = 1) -> None:
        """Find the sources; a name is resolved once, here.

        first, stride: of the sources, that processes which share a load take in turn

        Raises:
            PlanError: the target is not known, or a source is no address of this machine
        """
        target = plan.target
        self.target = target
        self.address = resolve(target)
        self.churns = plan.load.requests_per_connection is not None
        self.options = options(target)
        family, kind = FAMILIES[target.transport]
        self.family, self.kind = family, kind | socket.SOCK_NONBLOCK
        self.by_port = not plan.sources and target.transport == "tcp6" and self.churns
        self.by_port = self.by_port and is_loopback(self.address)
        names = plan.sources or loopback_sources(target, self.address)
        if plan.sources:
            check_sources(plan.sources, family)
        self.sources: list[tuple[str, int]] = [(name, 0) for name in names]
        if self.by_port:
            low, high = ephemeral_ports()
            taken = self.address[1] if isinstance(self.address, tuple) else 0
            self.sources = [("::1", port) for port in range(low, high + 1) if port != taken]
        if self.by_port:
            # A port that is named may be one that waits; without this, binding to it fails.
            self.options.append((socket.SOL_SOCKET, socket.SO_REUSEADDR, 1))
        elif self.sources:
            self.options.append((socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1))
        self.number = first
        self.turns = plan.first_source + first
        self.stride = stride

    @property
    def may_meet_itself(self) -> bool:
        """Tell if the kernel could choose the very port that is dialled, on the same address."""
        if self.by_port or isinstance(self.address, str):
            return False
        return not self.sources or self.address[0] in (name for name, _ in self.sources)

    def dial(self) -> tuple[socket.SocketType | None, int]:
        """Return a new socket and the error number of its connect: 0, EINPROGRESS or a failure.

        The socket is None where none could be made.
        """
        try:
            sock = socket.SocketType(self.family, self.kind)
        except OSError as error:
            return None, error.errno or errno.EMFILE
        try:
            for level, option, value in self.options:
                sock.setsockopt(level, option, value)
            if self.by_port:
                self._bind_port(sock)
            elif self.sources:
                sock.bind(self.sources[self.turns % len(self.sources)])
                self.turns += self.stride
        except OSError as error:
            sock.close()
            return None, error.errno or errno.EADDRNOTAVAIL
        number = sock.connect_ex(self.address)
        if number == errno.EAGAIN and self.family != socket.AF_UNIX:
            number = errno.EADDRNOTAVAIL  # what UDP calls a want of ports
        return sock, number

    def _bind_port(self, sock: socket.SocketType) -> None:
        """Give a socket the next port that nobody listens on; raises OSError."""
        for attempt in itertools.count(1):
            source = self.sources[self.turns % len(self.sources)]
            self.turns += self.stride
            try:
                sock.bind(source)
            except OSError as error:
                if error.errno != errno.EADDRINUSE or attempt == PORT_ATTEMPTS:
                    raise
            else:
                return


def resolve(target: Target) -> Address:
    """Return what `connect` takes; raises PlanError."""
    if target.transport == "unix":
        if len(os.fsencode(target.path)) > UNIX_PATH_MOST:
            raise PlanError(
                f"target {target}: the path of a Unix socket has {UNIX_PATH_MOST} bytes"
            )
        return target.path
    try:
        if target.transport == "tcp6":
            ipaddress.IPv6Address(target.host)
            return (target.host, target.port)
        return (socket.gethostbyname(target.host), target.port)
    except OSError as error:
        raise PlanError(f"target {target}: {error.strerror}") from None
    except ValueError:  # no such address, or a name that cannot be one
        raise PlanError(f"target {target}: {target.host!r} is no address or name") from None


def nobody_there(plan: Plan) -> str:
    """Return why a target cannot be reached at all, or nothing; for loads that dial as they go.

    A stream is connected to once. Of a datagram socket only a refusal tells anything: it is sent an
    empty datagram, which a server may echo or not.
    Raises PlanError.
    """
    target = plan.target
    address = resolve(target)
    check_sources(plan.sources, FAMILIES[target.transport][0])
    with socket.socket(*FAMILIES[target.transport]) as sock:
        sock.settimeout(REFUSED_S if target.transport == "udp" else CONNECT_S)
        try:
            sock.connect(address)
            if connected_to_itself(sock):
                return os.strerror(errno.ECONNREFUSED)
            if target.transport == "udp":
                sock.send(b"")
                sock.recv(1)
        except TimeoutError:
            return "" if target.transport == "udp" else "no answer to connect"
        except OSError as error:
            return error.strerror or str(error)
    return ""


def is_loopback(address: Address) -> bool:
    """Tell if an address is this machine's own loopback."""
    if isinstance(address, str):
        return False
    return ipaddress.ip_address(address[0].partition("%")[0]).is_loopback


def loopback_sources(target: Target, address: Address) -> list[str]:
    """Return the sources for a target on IPv4's loopback; none for others."""
    if target.transport not in ("tcp", "udp") or not is_loopback(address):
        return []
    return [f"127.0.1.{number}" for number in range(1, LOOPBACK_SOURCES + 1)]


def check_sources(sources: tuple[str, ...], family: int) -> None:
    """Refuse a source that is no address of this machine; raises PlanError."""
    for source in sources:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.bind((source, 0))
        except OSError as error:
            raise PlanError(
                f"source {source}: cannot be bound ({error.strerror}); "
                "name an address of this machine, of the target's family"
            ) from None


def ephemeral_ports() -> tuple[int, int]:
    """Return the first and the last port that the kernel gives to those who name none."""
    try:
        text = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii")
        low, high = text.split()
        return int(low), int(high)
    except (OSError, ValueError):
        return 32768, 60999  # Linux's default


def options(target: Target) -> list[tuple[int, int, int | bytes]]:
    """Return level, name and value of every option that a socket to a target gets."""
    if target.transport == "udp":
        return [(socket.SOL_SOCKET, socket.SO_RCVBUF, DATAGRAM_BUFFER)]
    if target.transport == "unix":
        return []
    options_set: list[tuple[int, int, int | bytes]] = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    with socket.socket(*FAMILIES[target.transport]) as probe:
        # The first that the kernel permits: BBR, some kernels' default, paces loopback too.
        for name in CONGESTION_CONTROLS:
            with contextlib.suppress(OSError):
                probe.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, name)
                return [*options_set, (socket.IPPROTO_TCP, socket.TCP_CONGESTION, name)]
    return options_set


def connected_to_itself(sock: socket.SocketType | socket.socket) -> bool:
    """Tell if a socket was given the port that it dialled: nobody listens there.

    TCP permits that two sides dial each other at once, and then one socket is both of them.
    """
    with contextlib.suppress(OSError):
        mine, theirs = sock.getsockname(), sock.getpeername()
        return bool(mine) and mine == theirs
    return False
