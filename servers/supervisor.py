"""The process between house and server: it starts the server, reports its exit, and ends it.

Run as `supervisor.py JSON` with a pipe from the house as standard input. When that pipe closes,
because the trial is over or because the house was killed, everything the server has started goes.
The server itself gets no thread, signal handler or pipe from here. Standard library only.
"""

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from typing import Any

PR_SET_CHILD_SUBREAPER = 36
TICK_S = 0.02


def report(**fact: object) -> None:
    """Tell the house something, one JSON line each; a house that is gone does not matter."""
    with contextlib.suppress(OSError):
        os.write(1, json.dumps(fact).encode() + b"\n")


def spawn(order: dict[str, Any]) -> subprocess.Popen[bytes]:
    """Start the server in a process group of its own, on its CPUs, with its output in the log.

    It may open as many files as the hard limit permits: thousands of clients are a matter of its
    model, not of a shell's soft limit.
    """
    os.sched_setaffinity(0, order["cpus"])
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        return subprocess.Popen(
            order["argv"],
            env=order["env"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=order["fds"],
            process_group=0,
        )
    finally:
        for fd in (log, *order["fds"]):
            os.close(fd)


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


def end(server_pid: int, grace_s: float) -> str:
    """End the server and all that it has started; return `clean` or `killed`."""
    signal_group(server_pid, signal.SIGTERM)
    signal_group(server_pid, signal.SIGCONT)  # a stopped process would not see its SIGTERM
    deadline = time.monotonic() + grace_s
    while reap(server_pid):
        if time.monotonic() > deadline:
            break
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


def watch(server_pid: int, wakeup_fd: int) -> None:
    """Collect what ends, until the house closes its pipe."""
    poller = select.poll()
    poller.register(0, select.POLLIN | select.POLLHUP)
    poller.register(wakeup_fd, select.POLLIN)
    while True:
        for fd, _ in poller.poll():
            if fd == wakeup_fd:
                os.read(wakeup_fd, 4096)
                reap(server_pid)
            elif not os.read(0, 4096):
                return


def main() -> None:
    """Supervise one server for one trial."""
    order = json.loads(sys.argv[1])
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    wakeup_read, wakeup_write = os.pipe()
    os.set_blocking(wakeup_write, False)
    signal.set_wakeup_fd(wakeup_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    try:
        server = spawn(order)
    except OSError as error:
        report(error=f"cannot start {order['argv'][0]}: {error.strerror}")
        return
    # Its own end follows the house's, always. Set after the spawn: a server would inherit SIG_IGN.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    report(pid=server.pid)
    watch(server.pid, wakeup_read)
    report(ended=end(server.pid, order["grace_s"]))
    server.returncode = 0  # it has been collected here, not by Popen


main()
