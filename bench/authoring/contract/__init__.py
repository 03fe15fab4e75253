"""The contract of an echo server: what every variant must do before its numbers mean anything."""

import time
from collections.abc import Iterator

from bench.authoring.contract import datagram, stream
from bench.authoring.contract.client import Broken
from bench.authoring.contract.model import Clause, Outcome
from bench.launch.launcher import Allotment, Server
from bench.launch.probe import BrokenEcho, NotReady
from bench.model.server import ServerSpec
from servers.terms import kind_of

__all__ = ["CLAUSES", "START", "Clause", "Outcome", "run"]

# A failure may be the first sign of a death that the supervisor is about to report.
DEATH_S = 0.3
CLAUSES = {"stream": stream.CLAUSES, "datagram": datagram.CLAUSES}
START = Clause(
    "starts",
    "it starts and echoes as many probes at once as it has workers",
    "see what it printed; serve on the listener it is given, accept in every worker",
    lambda _: None,
)


def run(spec: ServerSpec, transport: str, fair: Allotment) -> Iterator[Outcome]:
    """Hold a server to the contract, one outcome for each check as it is done.

    One server process serves all checks until one fails or ends it; the next then gets another.
    If it does not start at all, that is the last outcome.
    """
    server: Server | None = None
    try:
        for check in (START, *CLAUSES[kind_of(transport)]):
            if server is None:
                try:
                    server = Server(spec, transport, fair).__enter__()
                except (NotReady, BrokenEcho) as error:
                    yield _failed(START, str(error))
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
        return _failed(check, _with_death(server, str(broken)))
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


def _failed(check: Clause, detail: str) -> Outcome:
    return Outcome(check.name, check.asks, passed=False, detail=detail, advice=check.advice)
