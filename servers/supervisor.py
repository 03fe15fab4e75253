"""The process between house and server: it starts the server, reports its exit, and ends it.

Run with a pipe from the house as standard input: the order comes through it, a line of JSON, and
never as an argument, which everybody could read. When that pipe closes, because the trial is over
or because the house was killed, everything the server has started goes. If this process is killed
first, the kernel kills the server, and the house takes in what that leaves behind. The server
itself gets no thread, signal handler or pipe from here. Standard library only.
"""

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import subprocess
import time
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
TICK_S = 0.02
# A handler in Python does not interrupt a call that blocks if its signal came between the look for
# signals and the call (seen where SIGCHLD has a handler as well): it is asked again.
AGAIN_S = 0.2
LIBC = ctypes.CDLL(None)
# Kept of what a server prints: so much of its beginning, and of its end.
KEPT_BYTES = 64 * 1024
# Looked at so often, and more often while it grows: a look costs some 15 µs of the server's CPU.
LOOK_S, LOOK_AGAIN_S = 0.1, 0.01
# For fallocate(2): give the pages of a part back, and leave the length as it is.
PUNCH_HOLE, KEEP_SIZE = 2, 1


def report(**fact: object) -> None:
    """Tell the house something, one JSON line each; a house that is gone does not matter."""
    with contextlib.suppress(OSError):
        os.write(1, json.dumps(fact).encode() + b"\n")


def read_order() -> dict[str, Any]:
    """Return the order, which is a line; nothing comes behind it but the end."""
    text = b""
    while not text.endswith(b"\n"):
        data = os.read(0, 1 << 16)
        if not data:
            raise SystemExit  # the house is gone
        text += data
    order: dict[str, Any] = json.loads(text)
    return order


def die_with(parent: int) -> None:
    """Let the kernel kill this process when its parent dies, which may have happened already."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def standard_input(text: str) -> int:
    """Return a descriptor that a text can be read from, and then its end."""
    if not text:
        return os.open(os.devnull, os.O_RDONLY)
    fd = os.memfd_create("order")
    with os.fdopen(os.dup(fd), "wb") as file:
        file.write(text.encode())
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def spawn(order: dict[str, Any]) -> subprocess.Popen[bytes]:
    """Start the server in a process group of its own, on its CPUs, with its output in memory.

    It may open as many files as the hard limit permits: thousands of clients are a matter of its
    model, not of a shell's soft limit.
    """
    os.sched_setaffinity(0, order["cpus"])
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    stdin, here = standard_input(order["stdin"]), os.getpid()
    try:
        return subprocess.Popen(
            order["argv"],
            env=order["env"],
            stdin=stdin,
            stdout=order["output"],
            stderr=order["output"],
            pass_fds=order["fds"],
            process_group=0,
            preexec_fn=lambda: die_with(here),  # there are no threads here
        )
    finally:
        for fd in (stdin, *order["fds"]):
            os.close(fd)


def bound(output: int, size: int) -> int:
    """Give back the memory of what lies between the head and the tail of a server's output.

    It is the house's, written to without waiting for anybody: a pipe would hold a server up
    whenever its reader is late. size: as it was at the last look

    Returns: its size now
    """
    now = os.fstat(output).st_size
    if now == size or now <= 3 * KEPT_BYTES:
        return now
    length = now - 2 * KEPT_BYTES
    punch = getattr(LIBC, "fallocate64", LIBC.fallocate)
    punch.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
    if punch(output, PUNCH_HOLE | KEEP_SIZE, KEPT_BYTES, length):
        os.ftruncate(output, KEPT_BYTES)  # a kernel that cannot: the next lines stand behind it
    return now


def reap(server_pid: int) -> bool:
    """Collect every child that has ended; the server's own exit is reported.

    Returns: whether children are left.
    """
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if pid == 0:
            return True
        if pid == server_pid:
            report(exited=os.waitstatus_to_exitcode(status))


def children() -> list[int]:
    """Return the ids of this process's children, orphans that were reparented to it included."""
    pids = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as stat:
                    # The name, in parentheses, may hold spaces; the parent is two fields behind it.
                    parent = int(stat.read().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == os.getpid():
                pids.append(int(entry))
    return pids


def signal_group(group: int, number: int) -> None:
    """Send a signal to a process group that may be gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def end(server_pid: int, grace_s: float, *, again: bool) -> str:
    """End the server and all that it has started; return `clean` or `killed`.

    again: whether it is asked more than once; some programs take a second SIGTERM as an order
    """
    signal_group(server_pid, signal.SIGTERM)
    signal_group(server_pid, signal.SIGCONT)  # a stopped process would not see its SIGTERM
    asked = time.monotonic()
    deadline = asked + grace_s
    while reap(server_pid):
        now = time.monotonic()
        if now > deadline:
            break
        if again and now > asked + AGAIN_S:
            signal_group(server_pid, signal.SIGTERM)
            asked = now
        time.sleep(TICK_S / 10)
    else:
        return "clean"
    while reap(server_pid):
        signal_group(server_pid, signal.SIGKILL)
        for pid in children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(TICK_S)
    return "killed"


def watch(server_pid: int, wakeup_fd: int, output: int) -> None:
    """Collect what ends, and bound what is printed, until the house closes its pipe."""
    poller = select.poll()
    poller.register(0, select.POLLIN | select.POLLHUP)
    poller.register(wakeup_fd, select.POLLIN)
    size, look_s = 0, LOOK_S
    while True:
        for fd, _ in poller.poll(look_s * 1000):
            if fd == wakeup_fd:
                os.read(wakeup_fd, 4096)
                reap(server_pid)
            elif not os.read(0, 4096):
                return
        before, size = size, bound(output, size)
        look_s = LOOK_AGAIN_S if size > before + KEPT_BYTES else LOOK_S


def main() -> None:
    """Supervise one server for one trial."""
    # A server may stop this process: when the house dies, it goes on, and finds the pipe closed.
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGCONT, 0, 0, 0)
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    order = read_order()
    wakeup_read, wakeup_write = os.pipe()
    os.set_blocking(wakeup_write, False)
    signal.set_wakeup_fd(wakeup_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    try:
        server = spawn(order)
    except (OSError, subprocess.SubprocessError) as error:
        why = getattr(error, "strerror", None) or str(error)
        report(error=f"cannot start {order['argv'][0]}: {why}")
        return
    # Its own end follows the house's, always. Set after the spawn: a server would inherit SIG_IGN.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    report(pid=server.pid)
    watch(server.pid, wakeup_read, order["output"])
    # Of a variant there is an order, and a handler of the house.
    report(ended=end(server.pid, order["grace_s"], again=bool(order["stdin"])))
    server.returncode = 0  # it has been collected here, not by Popen


main()
