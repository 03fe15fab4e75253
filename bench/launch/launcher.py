"""Start one server for one trial, prove that it echoes, and end it whatever happens."""

import contextlib
import json
import os
import socket
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from bench.base.shortages import SHORTAGES, HouseError, house_errors
from bench.launch import listening, places, process_tree
from bench.launch.output import Output, Told
from bench.launch.probe import BrokenEcho, NotReady, TooLate, prove
from bench.launch.supervision import Supervisor
from bench.model.interpreter import Runtime
from bench.model.server import ServerSpec, environment
from servers import terms
from servers.api import Settings

PORT_ATTEMPTS = 3
CANNOT_START = "a server cannot be started"


@dataclass(frozen=True)
class Allotment:
    """What every server of a run is started with.

    cpus: the CPUs it may run on
    ready_s: time limit until it has answered the probe
    grace_s: time that it has to end by itself once asked
    work: kind and amount of what marked requests ask for, as `servers.work.Work` takes them
    hog, switch_interval_us: as in a workload
    """

    cpus: tuple[int, ...]
    pool_size: int
    ready_s: float = 10.0
    grace_s: float = 2.0
    work: dict[str, float | str] | None = None
    hog: str | None = None
    switch_interval_us: float | None = None


class Server:
    """A running server: entered when it has echoed correctly, ended on leaving.

    Raises on entering:
        NotReady: it ended, or did not answer within the limit; with the tail of its output
        BrokenEcho: it answered with other bytes than it was sent
        HouseError: the house had no room, descriptor, port or process for it
    """

    def __init__(self, spec: ServerSpec, transport: str, fair: Allotment) -> None:
        """Only keep what is asked; nothing starts before `with`."""
        self.spec, self.transport, self.fair = spec, transport, fair
        self.address: terms.Address = ""
        self.pid = 0
        self.ended = ""
        self.exit_status: int | None = None
        self.ready_s = 0.0
        self._refused = ""
        self._supervisor: Supervisor | None = None
        self._output: Output | None = None
        self._told: Told | None = None
        self.runtime: Runtime | None = None

    def __enter__(self) -> Self:
        """Start the server and wait until it has proven that it is ready."""
        with house_errors(CANNOT_START):
            self._folder = places.Folder() if self.transport == "unix" else None
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
            self._leave()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the server."""
        self._leave()

    def _leave(self) -> None:
        try:
            self.stop()
        finally:
            if self._folder is not None:
                self._folder.cleanup()

    @property
    def supervisor_pid(self) -> int:
        """Return the root of the process tree that the server and all its children hang on."""
        assert self._supervisor is not None
        return self._supervisor.pid

    def output(self) -> str:
        """Return what the server has printed; of a long story its beginning and its end."""
        return "" if self._output is None else self._output.text()

    def last_words(self) -> str:
        """Return the last line that the server has printed: of a traceback, the error."""
        return "" if self._output is None else self._output.last_words()

    def exited(self) -> bool:
        """Return whether the server has ended by itself; `exit_status` then says how.

        Raises:
            HouseError: its supervisor is dead, so that nothing is known of it any more
        """
        # Looked at first: what it has said before its end is then there to be read.
        death = self._supervisor.death() if self._supervisor is not None else ""
        self._read_reports()
        if death and not self.ended:
            raise HouseError(f"the supervisor of the server {death}")
        return self.exit_status is not None

    def stop(self) -> None:
        """End the server and all it started; `ended` is then `clean` or `killed`.

        Raises:
            HouseError: it cannot be ended
        """
        supervisor, self._supervisor = self._supervisor, None
        try:
            if supervisor is not None:
                supervisor.let_go(self.fair.grace_s)
                self._take(supervisor.reports())
                supervisor.close(orderly=bool(self.ended or self._refused))
                self.ended = self.ended or ("" if self._refused else "killed")
        finally:
            if self._output is not None:
                self._output.close()
            if self._told is not None:
                self.runtime, self._told = self._told.close(), None

    def _start(self, attempt: int) -> None:
        """Bind, hand the socket down, and close the house's own copy of it."""
        with contextlib.ExitStack() as stack:
            listener, fds, stdin = self._bind(attempt), list[int](), ""
            if listener is not None:
                stack.callback(listener.close)
                self._told = Told()
                fds = [listener.fileno(), self._told.fd]
                stdin = self._variant_order(*fds)
            self._output = Output()
            order = {
                "argv": self._argv(),
                "stdin": stdin,
                "env": dict(os.environ) if self.spec.command is not None else environment(),
                "cpus": self.fair.cpus,
                "output": self._output.fd,
                "fds": fds,
                "grace_s": self.fair.grace_s,
            }
            self.exit_status, self.ended, self._refused = None, "", ""
            self._supervisor = Supervisor([*fds, self._output.fd])
            self._supervisor.order(order)

    def _bind(self, attempt: int) -> socket.socket | None:
        """Bind the variant's socket, or only choose an address for a foreign command."""
        address = places.wanted(self.transport, self._folder, attempt)
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

    def _argv(self) -> list[str]:
        """Return what is run; nothing of a variant, for everybody can read a command line."""
        if self.spec.command is not None:
            return self.spec.command.at(self.address)
        python = self.spec.python.words if self.spec.python else (sys.executable,)
        return [*python, "-P", "-m", "servers"]

    def _variant_order(self, listener: int, told: int) -> str:
        """Return what a variant finds on its standard input."""
        fair, address = self.fair, self.address
        settings = Settings(terms.backlog(), fair.pool_size, fair.cpus, self.transport, address)
        fields = vars(settings) | {"work": fair.work}
        order = self.spec.what | {"fd": listener, "told": told, "settings": fields}
        return json.dumps(order | {"hog": fair.hog, "switch_us": fair.switch_interval_us})

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
            raise type(error)(f"{error}{status}{where}{self._said()}") from None
        except BrokenEcho as error:
            last = self.last_words()
            told = f"{error}; its last words: {last}" if last else str(error)
            raise BrokenEcho(told, error.sent, error.received) from None

    def _said(self) -> str:
        """Return what the server printed, behind its last line: of a traceback, the error."""
        tail, last = self.output(), self.last_words()
        return "" if not tail else f": {last}" if tail == last else f": {last}\n{tail}"

    def _read_reports(self) -> None:
        """Take in what the supervisor has said so far; raises NotReady, HouseError."""
        if self._supervisor is None:
            return
        self._take(self._supervisor.reports())
        if self._refused:
            short = self._refused.endswith(tuple(map(os.strerror, SHORTAGES)))
            raise (HouseError if short else NotReady)(self._refused)

    def _take(self, facts: Iterable[dict[str, Any]]) -> None:
        for fact in facts:
            self.pid = fact.get("pid", self.pid)
            self.ended = fact.get("ended", self.ended)
            self.exit_status = fact.get("exited", self.exit_status)
            self._refused = fact.get("error", self._refused)
