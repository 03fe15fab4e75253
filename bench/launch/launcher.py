"""Start one server for one trial, prove that it echoes, and end it whatever happens."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from bench.base.shortages import SHORTAGES, HouseError, house_errors
from bench.launch import listening, places, process_tree
from bench.launch.probe import BrokenEcho, NotReady, TooLate, prove
from bench.model.server import ROOT, ServerSpec
from servers import terms
from servers.api import Settings

SUPERVISOR = ROOT / "servers" / "supervisor.py"
# Read from the end of a dead server's output: enough for a traceback; and of its last line.
TAIL_BYTES, LAST_WORDS = 4000, 200
PORT_ATTEMPTS = 3
CANNOT_START = "a server cannot be started"


@dataclass(frozen=True)
class Allotment:
    """What every server of a run is started with.

    cpus: the CPUs it may run on
    ready_s: time limit until it has answered the probe
    grace_s: time that it has to end by itself once asked
    """

    cpus: tuple[int, ...]
    pool_size: int
    ready_s: float = 10.0
    grace_s: float = 2.0


class Server:
    """A running server: entered when it has echoed correctly, ended on leaving.

    Raises on entering:
        NotReady: it ended, or did not answer within the limit; with the tail of its output
        BrokenEcho: it answered with other bytes than it was sent
        HouseError: the house had no room, descriptor, port or process for it
    """

    def __init__(self, spec: ServerSpec, transport: str, fair: Allotment) -> None:
        """Only keep what is asked; nothing starts before `with`."""
        self.spec = spec
        self.transport = transport
        self.fair = fair
        self.address: terms.Address = ""
        self.pid = 0
        self.ended = ""
        self.exit_status: int | None = None
        self.ready_s = 0.0
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._unread = b""

    def __enter__(self) -> Self:
        """Start the server and wait until it has proven that it is ready."""
        with house_errors(CANNOT_START):
            self._folder = places.trial_folder(self.transport)
        try:
            attempts = PORT_ATTEMPTS if self.spec.command else 1
            for attempt in range(1, attempts + 1):
                begun = time.monotonic()
                with house_errors(CANNOT_START):
                    self._start(attempt)
                try:
                    self._prove()
                except NotReady:
                    if attempt == attempts or "in use" not in self.output().lower():
                        raise
                    self.stop()  # somebody was faster to take the port: choose another
                else:
                    self.ready_s = time.monotonic() - begun
                    self._read_reports()  # its id was reported before it could answer
                    break
        except BaseException:
            self.stop()
            self._folder.cleanup()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the server."""
        self.stop()
        self._folder.cleanup()

    @property
    def supervisor_pid(self) -> int:
        """Return the root of the process tree that the server and all its children hang on."""
        assert self._supervisor is not None
        return self._supervisor.pid

    @property
    def log(self) -> Path:
        """Return the file that takes what the server prints."""
        return Path(self._folder.name) / "output"

    def output(self) -> str:
        """Return the end of what the server has printed."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - TAIL_BYTES))
            return log.read().decode(errors="replace").strip()

    def last_words(self) -> str:
        """Return the last line that the server has printed: of a traceback, the error."""
        return self.output().rpartition("\n")[2].strip()[-LAST_WORDS:]

    def exited(self) -> bool:
        """Return whether the server has ended by itself; `exit_status` then says how."""
        self._read_reports()
        return self.exit_status is not None

    def stop(self) -> None:
        """End the server and all it started; `ended` is then `clean` or `killed`."""
        if self._supervisor is None:
            return
        assert self._supervisor.stdin is not None
        self._supervisor.stdin.close()
        try:
            self._supervisor.wait(self.fair.grace_s + 10)
        except subprocess.TimeoutExpired:
            self._supervisor.kill()
            self._supervisor.wait()
        os.set_blocking(self._reports.fileno(), True)
        self._read_reports()
        self._reports.close()
        self._supervisor = None

    @property
    def _reports(self) -> IO[bytes]:
        assert self._supervisor is not None
        assert self._supervisor.stdout is not None
        return self._supervisor.stdout

    def _start(self, attempt: int) -> None:
        """Bind, hand the socket down, and close the house's own copy of it."""
        with contextlib.ExitStack() as stack:
            listener = self._bind(attempt)
            if listener is not None:
                stack.callback(listener.close)
            fds = [] if listener is None else [listener.fileno()]
            order = {
                "argv": self._argv(listener),
                "env": self._environment(),
                "cpus": self.fair.cpus,
                "log": str(self.log),
                "fds": fds,
                "grace_s": self.fair.grace_s,
            }
            self._unread, self.exit_status = b"", None
            self._supervisor = subprocess.Popen(
                [sys.executable, "-I", "-S", str(SUPERVISOR), json.dumps(order)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pass_fds=fds,
                start_new_session=True,
            )
        os.set_blocking(self._reports.fileno(), False)

    def _bind(self, attempt: int) -> socket.socket | None:
        """Bind the variant's socket, or only choose an address for a foreign command."""
        address = places.wanted(self.transport, self._folder.name, attempt)
        foreign, own_listeners = self.spec.command is not None, self.spec.own_listeners
        if foreign and self.transport == "unix":
            self.address = address
            return None
        bound = terms.bind(self.transport, address, reuse_port=own_listeners)
        listener = places.above_standard(bound)
        name = listener.getsockname()
        self.address = name if isinstance(name, str) else (name[0], name[1])
        if foreign:
            listener.close()
            return None
        if self.transport != "udp" and not own_listeners:
            listener.listen(terms.backlog())
        return listener

    def _argv(self, listener: socket.socket | None) -> list[str]:
        if listener is None:
            assert self.spec.command is not None
            return self.spec.command.at(self.address)
        settings = Settings(
            terms.backlog(), self.fair.pool_size, self.fair.cpus, self.transport, self.address
        )
        order = self.spec.what | {"fd": listener.fileno(), "settings": vars(settings)}
        python = self.spec.python.words if self.spec.python else (sys.executable,)
        return [*python, "-P", "-m", "servers", json.dumps(order)]

    def _environment(self) -> dict[str, str]:
        """Return the environment: for a variant free of Python's switches, with a fixed hash."""
        if self.spec.command is not None:
            return dict(os.environ)
        plain = {name: value for name, value in os.environ.items() if name[:6] != "PYTHON"}
        return plain | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}

    def _prove(self) -> None:
        workers = self.spec.workers(self.fair.pool_size, len(self.fair.cpus))
        try:
            prove(self.transport, self.address, workers, self.fair.ready_s, self.exited)
        except NotReady as error:
            status = "" if self.exit_status is None else f" (status {self.exit_status})"
            where = ""
            if isinstance(error, TooLate):
                pids = process_tree.descendants(self.supervisor_pid)
                where = listening.hint(pids, self.transport, self.address)
            raise NotReady(f"{error}{status}{where}{self._said()}") from None
        except BrokenEcho as error:
            last = self.last_words()
            raise BrokenEcho(f"{error}; its last words: {last}" if last else str(error)) from None

    def _said(self) -> str:
        """Return what the server printed, behind its last line: of a traceback, the error."""
        tail, last = self.output(), self.last_words()
        return "" if not tail else f": {last}" if tail == last else f": {last}\n{tail}"

    def _read_reports(self) -> None:
        """Take in what the supervisor has said so far."""
        if self._supervisor is None:
            return
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._reports.fileno(), 4096):
                self._unread += data
        *lines, self._unread = self._unread.split(b"\n")
        for line in lines:
            fact = json.loads(line)
            self.pid = fact.get("pid", self.pid)
            self.ended = fact.get("ended", self.ended)
            self.exit_status = fact.get("exited", self.exit_status)
            if "error" in fact:
                short = fact["error"].endswith(tuple(map(os.strerror, SHORTAGES)))
                raise (HouseError if short else NotReady)(fact["error"])
