"""The hot loops against servers and machines that misbehave, on a scripted kernel."""

import errno
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from loadgen.plan import Load
from tests.scripted.kernel import Chunk, Wire
from tests.scripted.loops import Played, Script
from tests.scripted.servers import Both, Narrow, Pieces, Server
from tests.support.known import known

Play = Callable[[Script], Played]


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Play:
    return lambda script: Played(script, monkeypatch, tmp_path)


KEPT = {
    "closed": Load(20),
    "pipelined": Load(10, depth=16),
    "open": Load(20, rate=1e6),
    "think time": Load(50, think_us=10, depth=2),
    "bounded in flight": Load(20, rate=1e6, max_in_flight=10),
}
CHURN = {
    "churn": Load(20, requests_per_connection=1),
    "churn, 10": Load(20, requests_per_connection=10),
    "churn, open": Load(20, requests_per_connection=3, rate=5e5),
    "churn, depth": Load(20, requests_per_connection=10, depth=4),
}
ALL = KEPT | CHURN
kept = pytest.mark.parametrize("load", KEPT.values(), ids=KEPT)
churn = pytest.mark.parametrize("load", CHURN.values(), ids=CHURN)
every = pytest.mark.parametrize("load", ALL.values(), ids=ALL)


@every
@pytest.mark.parametrize("server", [Pieces, Narrow, Both])
def test_parts_of_requests_and_replies_are_put_together(
    play: Play, load: Load, server: type[Server]
) -> None:
    played = play(Script(load, server=server))
    rows, (first, look, read) = played.rows, played.truth()
    sent, received = rows[:2]
    assert played.digest.mismatches == played.digest.errors == 0
    assert sent.shape == first.shape
    assert sum(played.digest.replies_per_connection) > 100
    # A request counts as sent when it was first tried, which may be before its first byte went.
    assert (sent <= first).all()
    assert (sent == first).all() or issubclass(server, Narrow)
    assert (np.sort(received) >= np.sort(look)).all()
    assert (np.sort(received) <= np.sort(read) + 2 * played.script.clock_ns).all()
    assert (received > sent).all()


class Wrong(Server):
    """Does something to what it says at a place in the stream of one connection."""

    what: Callable[[bytes], list[Chunk]]
    after = 64 * 40

    def answer(self, wire: Wire, data: bytes, at: int) -> list[Chunk]:
        chosen = wire.number == 3 and at <= self.after < at + len(data)
        return type(self).what(data) if chosen else [data]


def wrong(name: str, what: Callable[[bytes], list[Chunk]], after: int) -> type[Server]:
    return type(name, (Wrong,), {"what": staticmethod(what), "after": after})


def flipped(data: bytes) -> list[Chunk]:
    return [data[:9] + bytes([data[9] ^ 4]) + data[10:]]


def surplus(data: bytes) -> list[Chunk]:
    return [data + b"!"]


def end(_: bytes) -> list[Chunk]:
    return [b""]


def half_and_end(data: bytes) -> list[Chunk]:
    return [data[: len(data) // 2], b""]


def reset(_: bytes) -> list[Chunk]:
    return [ConnectionResetError(errno.ECONNRESET, "reset")]


def after(load: Load) -> int:
    """Return a place in the stream that a connection comes to: in churn its first request."""
    return 0 if load.requests_per_connection else 64 * 40


@every
@pytest.mark.parametrize(
    ("what", "kind", "words"),
    [
        (flipped, "wrong-bytes", "from offset 9"),
        (surplus, "surplus", "bytes beyond"),
    ],
)
def test_a_byte_that_is_not_right_is_named(
    play: Play, load: Load, what: Callable[[bytes], list[Chunk]], kind: str, words: str
) -> None:
    played = play(Script(load, server=wrong("Spoilt", what, after(load))))
    assert played.digest.mismatches == 1
    assert played.digest.errors == 0
    (piece,) = played.digest.evidence
    if kind == "surplus" and load.depth > 1:
        # The byte too many stands where the next reply should begin.
        assert piece.kind in ("surplus", "wrong-bytes")
    else:
        assert piece.kind == kind
        assert words in piece.detail


@every
@pytest.mark.parametrize("what", [end, half_and_end, reset])
def test_a_connection_that_breaks_is_counted_once_and_its_request_stays_on_record(
    play: Play, load: Load, what: Callable[[bytes], list[Chunk]]
) -> None:
    played = play(Script(load, server=wrong("Breaking", what, after(load))))
    assert played.digest.errors == 1
    assert played.digest.mismatches == 0
    (piece,) = played.digest.evidence
    assert piece.kind == ("reset" if what is reset else "closed-early")
    broken = played.kernel.all[3]
    owed = len(broken.sent) - len(broken.found)
    assert owed >= 1
    left = played.unanswered
    if load.rate is None:
        assert (left[:, 1] > 0).sum() == owed
    assert len(played.rows[0]) == sum(len(wire.found) for wire in played.kernel.all)


class Mute(Server):
    """Never answers."""

    def heard(self, wire: Wire, data: bytes, at: int) -> None:
        pass


@every
def test_what_is_never_answered_is_on_record(play: Play, load: Load) -> None:
    played = play(Script(load, server=Mute))
    sent = sum(len(wire.sent) for wire in played.kernel.all)
    assert (played.unanswered[:, 1] > 0).sum() == sent
    # With fewer in flight than there are connections, some are owed nothing.
    assert played.digest.silent == (load.max_in_flight is None)
    assert played.digest.throughput_rps == 0


@pytest.mark.parametrize("server", [Server, Mute, Both])
@pytest.mark.parametrize("load", [load for load in ALL.values() if load.rate], ids=str)
def test_what_fell_due_is_answered_or_on_record(
    play: Play, load: Load, server: type[Server]
) -> None:
    played = play(Script(load, server=server))
    column = played.driver.recorder.intended[: played.driver.recorder.rows]
    answered = np.asarray(column)
    requests = load.requests_per_connection or 1
    left = played.unanswered[:, 0]
    cohort = [((x >= played.open_ns) & (x < played.close_ns)).sum() for x in (answered, left)]
    if requests == 1:
        assert sum(cohort) == played.digest.due
        assert played.digest.samples == played.digest.due
    else:
        # All of a connection's requests fall due with it, and some of the last follow late.
        assert played.digest.due == played.driver.facts.due
        assert known(played.digest.due) % requests == 0
        assert sum(cohort) <= played.digest.due


SHORT = {
    "no descriptors": (lambda n: None if n % 7 == 3 else errno.EINPROGRESS, "no-descriptors"),
    "no ports": (
        lambda n: errno.EADDRNOTAVAIL if n % 7 == 3 else errno.EINPROGRESS,
        "no-ports",
    ),
}


@every
@pytest.mark.parametrize(("outcome", "name"), SHORT.values(), ids=SHORT)
def test_what_the_machine_lacks_is_a_shortage_and_no_error(
    play: Play, load: Load, outcome: Callable[[int], int | None], name: str
) -> None:
    played = play(Script(load, outcome=outcome))
    counts = played.digest.shortages.counts
    dials = played.dialer.turns
    assert counts == {name: sum(n % 7 == 3 for n in range(1, dials + 1))}
    assert played.digest.errors == 0
    assert played.digest.throughput_rps > 0
    if load.requests_per_connection and load.rate:
        left = played.unanswered
        assert (left[:, 1] == 0).sum() >= counts[name]


@every
def test_a_server_that_refuses_is_the_servers_error(play: Play, load: Load) -> None:
    played = play(Script(load, outcome=lambda _: errno.ECONNREFUSED))
    assert played.digest.errors > 0
    assert played.digest.shortages.counts == {}
    assert played.digest.throughput_rps == 0
    assert {piece.kind for piece in played.digest.evidence} == {"refused"}
    assert not played.rows.size
    if load.rate and load.requests_per_connection:
        left = played.unanswered[:, 0]
        inside = ((left >= played.open_ns) & (left < played.close_ns)).sum()
        assert inside == played.driver.facts.due


@churn
def test_connecting_that_takes_a_while_is_waited_for(play: Play, load: Load) -> None:
    played = play(Script(load, block_ns=7_000))
    assert played.digest.errors == played.digest.mismatches == 0
    assert known(played.digest.connect_us.p50) >= 7
    assert len(played.rows[0]) == played.truth().shape[1] > 100
    if load.rate:  # in open loop connecting is a part of the first response
        assert known(played.digest.response_us.p90) > known(played.digest.service_us.p90)


@pytest.mark.parametrize("outcome", [0, errno.EAGAIN], ids=["a listener", "a full backlog"])
@churn
def test_a_unix_socket_with_a_full_backlog_is_dialled_again(
    play: Play, load: Load, outcome: int
) -> None:
    played = play(Script(load, outcome=lambda n: outcome if n % 3 == 0 else 0))
    assert played.digest.errors == 0
    assert played.digest.shortages.counts == {}
    assert len(played.rows[0]) == played.truth().shape[1] > 100
