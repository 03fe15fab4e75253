"""The house's end of a supervisor: its order, its reports, and what is left if it dies first."""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from bench.base.shortages import HouseError
from bench.model.server import ROOT

SUPERVISOR = ROOT / "servers" / "supervisor.py"
PR_SET_CHILD_SUBREAPER = 36
# Beyond a server's grace: for the kernel to take down a thousand processes.
PATIENCE_S = 10.0
# How long a supervisor that was asked to end is left alone before it is told to go on once more.
RESUME_S = 0.5
STEP_S = 0.01


class Supervisor:
    """A process that starts one server, tells of it, and ends it when the house lets go.

    The order goes through its standard input: a command line can be read by everybody, and has an
    end. While there is a supervisor, this process takes in whatever its children leave behind.
    """

    running: ClassVar[set[int]] = set()

    def __init__(self, fds: Sequence[int]) -> None:
        """Start it; raises OSError. fds: descriptors that it is to have."""
        self._known = set(_children())
        self._unread = b""
        _take_in_orphans(True)
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(SUPERVISOR)],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=tuple(fds),
            start_new_session=True,
        )
        self.pid = self.process.pid
        self.running.add(self.pid)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._pipe, self._reports = self.process.stdin, self.process.stdout
        os.set_blocking(self._reports.fileno(), False)

    def order(self, order: dict[str, Any]) -> None:
        """Tell it what to start and how."""
        with contextlib.suppress(BrokenPipeError):  # it is dead: `death` says so
            left = memoryview(json.dumps(order).encode() + b"\n")
            while left:
                left = left[os.write(self._pipe.fileno(), left) :]

    def reports(self) -> Iterator[dict[str, Any]]:
        """Yield what it has said since the last call."""
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._reports.fileno(), 4096):
                self._unread += data
        *lines, self._unread = self._unread.split(b"\n")
        for line in lines:
            yield json.loads(line)

    def death(self) -> str:
        """Return how it ended although nobody let go, or nothing while it lives."""
        status = self.process.poll()
        if status is None:
            return ""
        return f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"

    def let_go(self, grace_s: float) -> None:
        """Let it end the server and itself; kill it if it does not in time.

        grace_s: what the server is given before it is killed
        """
        self._pipe.close()
        deadline = time.monotonic() + grace_s + PATIENCE_S
        while True:
            # The server may have stopped it.
            self.process.send_signal(signal.SIGCONT)
            try:
                self.process.wait(RESUME_S)
                return
            except subprocess.TimeoutExpired:
                if time.monotonic() > deadline:
                    self.process.kill()
                    self.process.wait()
                    return

    def close(self, *, orderly: bool) -> None:
        """Forget it; if it did not end its server itself, end what it has left behind."""
        self._reports.close()
        self.running.discard(self.pid)
        if not orderly:
            end_orphans(self._known)
        if not self.running:
            _take_in_orphans(False)


def end_orphans(known: set[int]) -> None:
    """Kill the processes that a dead supervisor has left to this one.

    They are told by their session: what this process starts itself and has to live on is in its
    own, or was there before; a supervisor begins one, and nobody below it can come back here.
    known: children that were there before

    Raises:
        HouseError: some cannot be killed
    """
    deadline = time.monotonic() + PATIENCE_S
    own = os.getsid(0)
    while True:
        children = _children()
        left = {
            pid
            for pid, session in children.items()
            if session != own and pid not in known | Supervisor.running
        }
        if not left:
            return
        if time.monotonic() > deadline:
            raise HouseError(f"processes of a server cannot be ended: {sorted(left)}")
        for pid in left:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, os.WNOHANG)
        time.sleep(STEP_S)  # nothing to wait on: what the dead leave behind comes here one by one


def _children() -> dict[int, int]:
    """Return the children of this process, and which session each is in."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                text = Path("/proc", entry, "stat").read_bytes()
                # The name, in parentheses, may hold spaces; then state, parent, group, session.
                fields = text.rpartition(b")")[2].split()
                if int(fields[1]) == os.getpid():
                    found[int(entry)] = int(fields[3])
    return found


def _take_in_orphans(wanted: bool) -> None:
    """Let what the descendants of this process leave behind become its own children, or not."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0)
