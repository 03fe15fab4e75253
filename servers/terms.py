"""The fair terms: every socket of every server is made here, with the same options."""

import contextlib
import socket

# (host, port) of an Internet socket, or the path of a Unix socket.
Address = tuple[str, int] | str

TRANSPORTS = {
    "tcp": (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP),
    "tcp6": (socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP),
    "unix": (socket.AF_UNIX, socket.SOCK_STREAM, 0),
    "udp": (socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_UDP),
}
# Where every server is bound, by transport.
LOOPBACK = {"tcp": "127.0.0.1", "tcp6": "::1", "udp": "127.0.0.1"}
# A datagram burst waits here while the server works; the kernel caps it at net.core.rmem_max.
DATAGRAM_BUFFER = 4 * 1024 * 1024
# The first that the kernel permits is pinned: BBR, some kernels' default, paces loopback as well.
BUFFERS = (socket.SO_RCVBUF, socket.SO_SNDBUF)
CONGESTION_CONTROLS = ("cubic", "reno")


# sun_path has 108 bytes, and the kernel wants a zero behind the path of a Unix socket.
UNIX_PATH_MOST = 107


def kind_of(transport: str) -> str:
    """Return the socket kind that serves a transport: `stream` or `datagram`."""
    return "datagram" if transport == "udp" else "stream"


def backlog() -> int:
    """Return the accept queue length used for every listener: the kernel's limit, at most 4096."""
    try:
        with open("/proc/sys/net/core/somaxconn", encoding="ascii") as limit:
            return min(4096, int(limit.read()))
    except OSError:
        return 128


def bind(transport: str, address: Address, *, reuse_port: bool = False) -> socket.socket:
    """Return a socket bound to an address, with every option set; not yet listening.

    Sockets accepted from a listener inherit its options, so a model needs to set none. The listener
    is made with IPPROTO_TCP since asyncio turns TCP_NODELAY on only where `sock.proto` says so.

    Raises:
        OSError: the address is taken or not ours.
    """
    bound = socket.socket(*TRANSPORTS[transport])
    try:
        if transport != "unix":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port and transport != "unix":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if transport in ("tcp", "tcp6"):
            set_tcp_options(bound)
        if transport == "udp":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, DATAGRAM_BUFFER)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, DATAGRAM_BUFFER)
        bound.bind(address)
    except BaseException:
        bound.close()
        raise
    return bound


def set_tcp_options(sock: socket.socket) -> None:
    """Turn Nagle's algorithm off and pin the congestion control of a TCP socket."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for name in CONGESTION_CONTROLS:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, name.encode())
            return


def congestion_control() -> str | None:
    """Return the congestion control that a socket of ours gets here; None if it does not say."""
    with contextlib.suppress(OSError), socket.socket(*TRANSPORTS["tcp"]) as probe:
        set_tcp_options(probe)
        name = probe.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16)
        return name.rstrip(b"\0").decode() or None
    return None


def datagram_buffer() -> int | None:
    """Return how many bytes of `DATAGRAM_BUFFER` the kernel grants; None if it does not say."""
    with contextlib.suppress(OSError), socket.socket(*TRANSPORTS["udp"]) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, DATAGRAM_BUFFER)
        # The kernel doubles what it grants, for its own bookkeeping, and tells that.
        return probe.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2
    return None


def describe() -> dict[str, str]:
    """Return the terms in words, as a report prints them."""
    with socket.socket(*TRANSPORTS["tcp"]) as probe:
        buffers = [probe.getsockopt(socket.SOL_SOCKET, option) for option in BUFFERS]
    return {
        "TCP_NODELAY": "on; an external command sets its own",
        "congestion control": congestion_control() or "unknown",
        "backlog": str(backlog()),
        "socket buffers": f"receive {buffers[0]}, send {buffers[1]} bytes, tuned by the kernel",
        "receive chunk": "64 KiB; asyncio's protocols 256 KiB, uvloop's 256,000 bytes",
        "server process": "fresh for each trial, hash seed 0, the collector as Python sets it",
    }
