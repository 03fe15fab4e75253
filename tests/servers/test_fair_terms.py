"""Every variant runs on the same terms: options read from its own sockets, from outside.

pidfd_getfd(2) lends us a descriptor of another process, so that what counts is what the kernel
holds for the accepted socket, not what a variant's code seems to say.
"""

import contextlib
import ctypes
import os
import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bench.launch.launcher import Allotment, Server
from bench.model.server import ServerSpec
from servers import discovery, terms
from servers.api import Settings, echo

PIDFD_GETFD = 438
FAIR = Allotment(cpus=tuple(sorted(os.sched_getaffinity(0))), pool_size=2)
STREAMS = [variant for (kind, _), variant in discovery.discover().items() if kind == "stream"]
DATAGRAMS = [variant for (kind, _), variant in discovery.discover().items() if kind == "datagram"]
LIMIT_S = 10.0
# In tcp_info of a listening socket, tcpi_unacked is the queue's length and tcpi_sacked its limit.
BACKLOG_OFFSET = 28


def borrow(pidfd: int, number: int) -> socket.socket | None:
    """Return our own copy of another process's socket, or None where the number is none."""
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.syscall(PIDFD_GETFD, pidfd, number, 0)
    if fd >= 0:
        return socket.socket(fileno=fd)
    if ctypes.get_errno() in (1, 38):
        pytest.skip(f"pidfd_getfd is not permitted here: {os.strerror(ctypes.get_errno())}")
    return None


@contextlib.contextmanager
def sockets(server: Server) -> Iterator[list[socket.socket]]:
    """Lend every socket on the server's address that its processes hold."""
    assert not server.exited()  # this also takes in the server's id
    root = psutil.Process(server.pid)
    with contextlib.ExitStack() as stack:
        found: list[socket.socket] = []
        for process in (root, *root.children(recursive=True)):
            with contextlib.suppress(ProcessLookupError, FileNotFoundError, PermissionError):
                # A child that served the probe may be ending just now.
                for sock in sockets_of(process.pid):
                    stack.callback(sock.close)
                    if name_of(sock) == server.address:
                        found.append(sock)
        yield found


def sockets_of(pid: int) -> Iterator[socket.socket]:
    pidfd = os.pidfd_open(pid)
    try:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            if is_socket(link) and (sock := borrow(pidfd, int(link.name))):
                yield sock
    finally:
        os.close(pidfd)


def is_socket(link: Path) -> bool:
    try:
        return os.readlink(link).startswith("socket:")
    except FileNotFoundError:
        return False  # the server has just closed it: the probe's connection


def name_of(sock: socket.socket) -> terms.Address | None:
    name = sock.getsockname()
    return name[:2] if isinstance(name, tuple) else name


def listens(sock: socket.socket) -> bool:
    return bool(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


def connected(sock: socket.socket) -> bool:
    try:
        sock.getpeername()
    except OSError:
        return False  # a listener, or what the probe has left
    return True


def options(sock: socket.socket) -> dict[str, object]:
    """Return what a run must hold equal for every accepted socket."""
    read = {
        "SO_RCVBUF": sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF),
        "SO_SNDBUF": sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF),
    }
    if sock.family == socket.AF_UNIX:
        return dict(read)
    name = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16)
    return read | {
        "TCP_NODELAY": bool(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)),
        "TCP_CORK": bool(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CORK)),
        "TCP_CONGESTION": name.rstrip(b"\0").decode(),
    }


def exchange(address: terms.Address, transport: str) -> socket.socket:
    """Return a client that has been served, so that its connection is an accepted one."""
    client = socket.socket(*terms.TRANSPORTS[transport])
    client.settimeout(LIMIT_S)
    client.connect(address)
    client.sendall(b"?")
    assert client.recv(1) == b"?"
    return client


def expected(transport: str, folder: Path) -> dict[str, object]:
    """Return the options of a socket accepted by the plainest server there is, made here."""
    wanted: terms.Address = str(folder / "plain") if transport == "unix" else ("127.0.0.1", 0)
    with terms.bind(transport, wanted) as listener:
        listener.listen(terms.backlog())
        accepted: list[socket.socket] = []

        def serve() -> None:
            accepted.append(listener.accept()[0])
            echo(accepted[0].dup())

        thread = threading.Thread(target=serve)
        thread.start()
        with exchange(listener.getsockname(), transport):
            found = options(accepted[0])
        thread.join()
        accepted[0].close()
    return found


def spec(variant: discovery.Variant) -> ServerSpec:
    if missing := variant.missing():
        pytest.skip(f"needs {', '.join(missing)}")
    return ServerSpec(variant.name, variant.family, variant)


@pytest.mark.parametrize("transport", ["tcp", "unix"])
@pytest.mark.parametrize("variant", STREAMS, ids=[variant.name for variant in STREAMS])
def test_accepted_sockets_have_the_fair_options(
    variant: discovery.Variant, transport: str, tmp_path: Path
) -> None:
    with (
        Server(spec(variant), transport, FAIR) as server,
        exchange(server.address, transport),
        sockets(server) as found,
    ):
        accepted = [sock for sock in found if connected(sock)]
        assert accepted, "no accepted socket was found"
        plain = expected(transport, tmp_path)
        assert [options(sock) for sock in accepted] == [plain] * len(accepted)
    if transport == "tcp":
        assert plain["TCP_NODELAY"] is True
        assert plain["TCP_CONGESTION"] in terms.CONGESTION_CONTROLS


@pytest.mark.parametrize("transport", ["tcp", "unix"])
@pytest.mark.parametrize("variant", STREAMS, ids=[variant.name for variant in STREAMS])
def test_the_backlog_is_the_house_s(variant: discovery.Variant, transport: str) -> None:
    with Server(spec(variant), transport, FAIR) as server, sockets(server) as found:
        listening = [sock for sock in found if listens(sock)]
        assert listening, "no listener was found"
        assert {backlog(sock) for sock in listening} == {terms.backlog()}


def backlog(listener: socket.socket) -> int:
    """Return how many connections may wait to be accepted, as the kernel has it."""
    if listener.family == socket.AF_UNIX:
        ss = shutil.which("ss")
        if ss is None:
            pytest.skip("ss is needed to read the backlog of a Unix socket")
        lines = subprocess.run([ss, "-lxn"], capture_output=True, text=True, check=True).stdout
        line = next(row for row in lines.splitlines() if listener.getsockname() in row.split())
        return int(line.split()[3])
    info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    (limit,) = struct.unpack_from("I", info, BACKLOG_OFFSET)
    return int(limit)


@pytest.mark.parametrize("variant", DATAGRAMS, ids=[variant.name for variant in DATAGRAMS])
def test_datagram_sockets_have_the_fair_buffers(variant: discovery.Variant) -> None:
    with terms.bind("udp", ("127.0.0.1", 0)) as plain:
        wanted = options_of_datagrams(plain)
    with Server(spec(variant), "udp", FAIR) as server, sockets(server) as found:
        assert found, "no socket was found"
        assert {options_of_datagrams(sock) for sock in found} == {wanted}


def options_of_datagrams(sock: socket.socket) -> tuple[int, int]:
    return (
        sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF),
        sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF),
    )


def test_settings_open_another_listener_on_the_same_terms() -> None:
    with terms.bind("tcp", ("127.0.0.1", 0), reuse_port=True) as house:
        address = house.getsockname()
        settings = Settings(terms.backlog(), 1, (0,), "tcp", address)
        with settings.listen() as own:
            assert own.getsockname() == address
            assert listens(own)
            assert backlog(own) == terms.backlog()
            assert options(own) == options(house)


def test_what_a_report_says_of_the_terms_is_what_a_socket_has() -> None:
    with terms.bind("tcp", ("127.0.0.1", 0)) as sock:
        assert terms.describe()["congestion control"] == options(sock)["TCP_CONGESTION"]
    with terms.bind("udp", ("127.0.0.1", 0)) as sock:
        assert terms.datagram_buffer() == sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2
