"""Whatever a server does, the house ends it, says how it ended, and leaves nothing behind."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import psutil
import pytest

from bench.launch.launcher import Allotment, Server
from bench.launch.probe import NotReady
from bench.model.interpreter import here
from bench.model.server import Command, ServerSpec
from servers import discovery

FAIR = Allotment(cpus=tuple(sorted(os.sched_getaffinity(0))), pool_size=2, grace_s=0.5)
LIMIT_S = 10.0
# A server that notes the ids of its processes, in the order in which they start.
PREAMBLE = """
import os, signal, socket, sys, threading, time
from servers.api import echo
FAMILY = "test"

def note():
    with open({pids!r}, "a") as file:
        file.write(f"{{os.getpid()}}\\n")

def accept(listener):
    while True:
        client, _ = listener.accept()
        threading.Thread(target=echo, args=(client,), daemon=True).start()

def serve(listener, settings):
    note()
"""


def variant(folder: Path, *serve: str) -> ServerSpec:
    """Write a server whose `serve` has the given lines; its processes are noted in `pids`."""
    path = folder / "mine.py"
    body = "".join(f"    {line}\n" for line in serve)
    path.write_text(PREAMBLE.format(pids=str(folder / "pids")) + body)
    return ServerSpec("mine", "test", discovery.read(path))


@contextlib.contextmanager
def watched(folder: Path, count: int) -> Iterator[list[int]]:
    """Hold on to the processes that a server has noted; on leaving, all must be gone in time.

    A pidfd becomes readable as its process ends, so nothing is polled and no id is mistaken.
    """
    pids = [int(line) for line in (folder / "pids").read_text().split()]
    assert len(pids) == count
    with contextlib.ExitStack() as stack:
        left = select.poll()
        fds = [os.pidfd_open(pid) for pid in pids]
        for fd in fds:
            stack.callback(os.close, fd)
            left.register(fd, select.POLLIN)
        yield pids
        for _ in range(count):
            ended = left.poll(LIMIT_S * 1000)
            assert ended, "a process of the server is left"
            left.unregister(ended[0][0])


def test_a_plain_server_ends_clean(tmp_path: Path) -> None:
    with Server(variant(tmp_path, "accept(listener)"), "tcp", FAIR) as server:
        assert server.ready_s > 0
        assert not server.exited()
        assert server.pid > 0
        with watched(tmp_path, 1):
            server.stop()
    assert server.ended == "clean"
    assert server.exit_status == -signal.SIGTERM


def test_a_server_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    spec = variant(tmp_path, "signal.signal(signal.SIGTERM, signal.SIG_IGN)", "accept(listener)")
    with Server(spec, "tcp", FAIR) as server, watched(tmp_path, 1):
        server.stop()
    assert server.ended == "killed"
    assert server.exit_status == -signal.SIGKILL


def test_a_stopped_server_is_ended(tmp_path: Path) -> None:
    spec = variant(tmp_path, "accept(listener)")
    with Server(spec, "tcp", FAIR) as server, watched(tmp_path, 1) as pids:
        os.kill(pids[0], signal.SIGSTOP)
        server.stop()
    assert server.ended == "clean"


def test_a_process_says_what_it_was_as_it_ends(tmp_path: Path) -> None:
    spec = variant(tmp_path, "import msgspec", "accept(listener)")
    with Server(spec, "tcp", FAIR) as server:
        assert server.runtime is None
    assert server.ended == "clean"
    assert server.runtime is not None
    assert server.runtime.version == here().version
    assert server.runtime.packages["msgspec"] == metadata.version("msgspec")


def test_one_that_cannot_say_it_ends_all_the_same(tmp_path: Path) -> None:
    """It has closed what it did not open."""
    spec = variant(
        tmp_path,
        "for name in os.listdir('/proc/self/fd'):",
        "    place = f'/proc/self/fd/{name}'",
        "    if os.path.islink(place) and 'told' in os.readlink(place): os.close(int(name))",
        "accept(listener)",
    )
    with Server(spec, "tcp", FAIR) as server:
        pass
    assert server.ended == "clean"
    assert server.runtime is None


def test_a_thread_that_keeps_the_gil_does_not_keep_it_from_saying_so(tmp_path: Path) -> None:
    spec = variant(
        tmp_path,
        "sys.setswitchinterval(0.05)",
        "def spin():",
        "    while True: pass",
        "threading.Thread(target=spin, daemon=True).start()",
        "accept(listener)",
    )
    with Server(spec, "tcp", FAIR) as server:
        pass
    assert server.ended == "clean"
    assert server.runtime is not None


def test_orphans_in_other_sessions_are_reaped(tmp_path: Path) -> None:
    spec = variant(
        tmp_path,
        "ready, done = os.pipe()",
        "if os.fork() == 0:",
        "    os.setsid()",
        "    if os.fork() == 0:",
        "        os.setsid()",
        "        note()",
        "        os.write(done, b'.')",
        "        signal.pause()",
        "    os._exit(0)",
        "os.wait()",
        "os.read(ready, 1)",
        "accept(listener)",
    )
    with Server(spec, "tcp", FAIR) as server, watched(tmp_path, 2):
        server.stop()
    assert server.ended == "killed"


def test_a_server_that_exits_at_once_is_reported(tmp_path: Path) -> None:
    spec = variant(tmp_path, "sys.exit('the reason why')")
    server = Server(spec, "tcp", FAIR)
    with pytest.raises(NotReady, match=r"ended before it was ready.*the reason why"):
        server.__enter__()
    assert server.exit_status == 1


def test_the_tail_of_a_long_story_is_kept(tmp_path: Path) -> None:
    spec = variant(tmp_path, "print('x' * 100_000, file=sys.stderr)", "raise ValueError('at last')")
    with pytest.raises(NotReady, match="ValueError: at last") as caught:
        Server(spec, "tcp", FAIR).__enter__()
    assert len(str(caught.value)) < 5000


def test_a_server_that_never_answers_is_given_up(tmp_path: Path) -> None:
    spec = variant(tmp_path, "signal.pause()")
    impatient = Allotment(FAIR.cpus, FAIR.pool_size, ready_s=0.5)
    with pytest.raises(NotReady, match="not ready in time: 1 of 1 probes were not answered"):
        Server(spec, "tcp", impatient).__enter__()


def test_a_dead_server_refuses(tmp_path: Path) -> None:
    with Server(variant(tmp_path, "accept(listener)"), "tcp", FAIR) as server:
        with watched(tmp_path, 1) as pids:
            os.kill(pids[0], signal.SIGKILL)
        with pytest.raises(ConnectionRefusedError):
            connect(server)


def connect(server: Server) -> None:
    assert not isinstance(server.address, str)
    socket.create_connection(server.address, LIMIT_S).close()


def test_a_program_that_is_absent_is_one_line() -> None:
    spec = ServerSpec("absent", "foreign", command=Command(("no-such-program", "{port}")))
    with pytest.raises(NotReady, match="cannot start no-such-program: No such file"):
        Server(spec, "tcp", FAIR).__enter__()


HOUSE = """
import os, sys
from pathlib import Path
from bench.launch.launcher import Server, Allotment
from bench.model.server import ServerSpec
from servers import discovery
spec = ServerSpec("mine", "test", discovery.read(Path(sys.argv[1])))
with Server(spec, "tcp", Allotment(tuple(os.sched_getaffinity(0)), 2, grace_s=0.5)) as server:
    print(server.supervisor_pid, flush=True)
    sys.stdin.read()
"""


MANNERS = {
    "plain": "pass",
    "ignores SIGTERM": "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
    "has stopped its supervisor": "os.kill(os.getppid(), signal.SIGSTOP)",
}


@pytest.mark.parametrize("manners", MANNERS)
def test_kill_9_of_the_house_leaves_nothing(manners: str, tmp_path: Path) -> None:
    line = MANNERS[manners]
    spec = variant(
        tmp_path,
        line,
        "ready, done = os.pipe()",
        "if os.fork() == 0:",
        "    note()",
        "    os.write(done, b'.')",
        "else:",
        "    os.read(ready, 1)",
        "accept(listener)",
    )
    assert spec.variant is not None
    house = subprocess.Popen(
        [sys.executable, "-c", HOUSE, str(spec.variant.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with house:
        assert house.stdout is not None
        supervisor = psutil.Process(int(house.stdout.readline()))
        with watched(tmp_path, 2):
            house.kill()
            house.wait()
    supervisor.wait(LIMIT_S)
