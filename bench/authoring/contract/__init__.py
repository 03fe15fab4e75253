"""The contract of an echo server: what every variant must do before its numbers mean anything."""

import time
from collections.abc import Iterator

from bench.authoring.contract import datagram, evidence, stream
from bench.authoring.contract.client import Broken
from bench.authoring.contract.model import Clause, Outcome
from bench.launch.launcher import Allotment, Server
from bench.launch.probe import BrokenEcho, NotReady, TooLate
from bench.model.server import ServerSpec
from servers.terms import kind_of

__all__ = ["CLAUSES", "START", "Clause", "Outcome", "run"]

# A failure may be the first sign of a death that the supervisor is about to report.
DEATH_S = 0.3
CLAUSES = {"stream": stream.CLAUSES, "datagram": datagram.CLAUSES}
START = Clause(
    "starts",
    "it starts, and takes as many clients at once as it has workers",
    "see what it printed; serve on the listener it is given, accept in every worker",
    lambda _: None,
)
ECHO = Clause(
    "echoes",
    "the first bytes that it is sent come back as they were",
    "send back exactly the bytes that recv returned, and keep the connection open",
    lambda _: None,
)


def run(spec: ServerSpec, transport: str, fair: Allotment) -> Iterator[Outcome]:
    """Hold a server to the contract, one outcome for each check as it is done.

    One server process serves all checks until one fails or ends it; the next then gets another.
    If it does not start at all, that is the last outcome.
    """
    server: Server | None = None
    try:
        for check in (START, ECHO, *CLAUSES[kind_of(transport)]):
            if server is None:
                try:
                    server = Server(spec, transport, fair).__enter__()
                except NotReady as error:
                    yield _failed(START, str(error), _why_not_ready(error))
                    return
                except BrokenEcho as error:
                    if check is START:
                        yield Outcome(START.name, START.asks, passed=True)
                    yield _no_echo(error)
                    return
            outcome = _hold(check, server)
            if check.ends or not outcome.passed:
                server.__exit__(None, None, None)
                server = None
            yield outcome
    finally:
        if server is not None:
            server.__exit__(None, None, None)


def _hold(check: Clause, server: Server) -> Outcome:
    """Run one check; a server that ended during it has failed it."""
    try:
        check.hold(server)
    except Broken as broken:
        return _failed(check, _with_death(server, str(broken)), broken.meaning)
    except OSError as error:
        cut = f"the connection was cut: {error.strerror or error}"
        return _failed(check, _with_death(server, cut), "It hangs up while the client still talks.")
    if not check.ends and server.exited():
        return _failed(check, _with_death(server, "all bytes came back"))
    return Outcome(check.name, check.asks, passed=True)


def _with_death(server: Server, detail: str) -> str:
    """Add to the evidence how the server died, if it did, and the last that it printed."""
    deadline = time.monotonic() + DEATH_S
    while not server.exited():
        if time.monotonic() > deadline:
            return detail
        time.sleep(0.01)
    tail = server.output()[-600:]
    return f"{detail}; the server ended with status {server.exit_status}{tail and ': ' + tail}"


def _no_echo(error: BrokenEcho) -> Outcome:
    """Return what came of the first bytes that a server was sent: it runs, and does not echo."""
    if not error.sent or error.sent.startswith(error.received):
        meaning = "It starts, and hangs up on its clients instead of answering."
        return _failed(ECHO, str(error), meaning)
    meaning = evidence.meaning(error.sent, error.received)
    detail = evidence.difference(error.sent, error.received)
    return _failed(ECHO, detail, f"It starts, but changes bytes. {meaning}".rstrip())


def _why_not_ready(error: NotReady) -> str:
    """Return what a server is that did not get ready."""
    if not isinstance(error, TooLate):
        return "It ended before it served anybody: what it printed says why."
    if "accept" in str(error):
        return "Nobody accepts where it was told to listen: it listens elsewhere, or not yet."
    return "It is there, and answers nobody: it accepts no client, or waits for something else."


def _failed(check: Clause, detail: str, meaning: str = "") -> Outcome:
    return Outcome(check.name, check.asks, False, detail, meaning, check.advice)
