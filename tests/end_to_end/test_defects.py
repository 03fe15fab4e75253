"""Every known-bad server is caught, with evidence, and none can hold the generator up."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.launch.launcher import Allotment, Server
from bench.launch.probe import BrokenEcho, NotReady
from bench.model.server import ServerSpec
from loadgen.fleet import run
from loadgen.plan import Load, Plan, Target
from loadgen.result import Evidence, Result
from servers.discovery import discover
from tests.support import machine
from tests.support.known import known
from tests.support.paths import TESTS

VARIANTS = {
    f"{kind}/{name}": variant for (kind, name), variant in discover(TESTS / "defects").items()
}
CONNECTIONS = 8
WARMUP_S, WINDOW_S, DRAIN_S = 0.1, 0.3, 0.3
# Over and above those: two processes that start, and a machine that others use too.
SLACK_S = 6.0
MEMORY_MIB = 300


def started(key: str) -> Server:
    """Return a server, not yet entered, that has little time to end by itself."""
    variant = VARIANTS[key]
    fair = Allotment(cpus=(machine.split()[0],), pool_size=4, grace_s=0.3)
    transport = "udp" if variant.kind == "datagram" else "tcp"
    return Server(ServerSpec(variant.name, variant.family, variant), transport, fair)


def driven(server: Server, load: Load) -> Result:
    """Return what the generator finds."""
    assert isinstance(server.address, tuple)
    return run(
        Plan(
            Target(server.transport, *server.address),
            load,
            WINDOW_S,
            WARMUP_S,
            DRAIN_S,
            cpus=(machine.split()[1],),
        )
    )


def kinds(digest: Result) -> set[str]:
    """Return the kinds of evidence."""
    return {piece.kind for piece in digest.evidence}


@dataclass(frozen=True)
class Finding:
    """What the digest of a defect must show; all that it does not name must be in order.

    evidence: kinds of which one must be there, and no other
    words: part of some evidence's detail
    """

    evidence: frozenset[str] = frozenset()
    words: str = ""
    mismatches: bool = False
    errors: bool = False
    silent: bool = False
    stalled: int = 0
    also: Callable[[Result], bool] = lambda digest: True

    def check(self, digest: Result) -> None:
        """Compare."""
        assert (digest.mismatches > 0) == self.mismatches
        assert (digest.errors > 0) == self.errors
        assert digest.silent == self.silent
        # Where every connection fell silent the server did.
        assert digest.stalled == self.stalled or digest.silent
        assert kinds(digest) <= self.evidence
        assert bool(kinds(digest)) == bool(self.evidence)
        assert any(self.words in piece.detail for piece in digest.evidence or [Evidence("", 0, "")])
        assert self.also(digest), digest


def wrong(*evidence: str, words: str = "") -> Finding:
    """Bytes other than those sent."""
    return Finding(frozenset(evidence), words, mismatches=True)


def broken(*evidence: str) -> Finding:
    """Connections that ended under way."""
    return Finding(frozenset(evidence), errors=True)


def right(also: Callable[[Result], bool] = lambda digest: True) -> Finding:
    """Every byte right, whatever else is odd."""
    return Finding(also=also)


OTHER = "these bytes were sent as another request"

FINDINGS = {
    "stream/whole-buffer-echo": wrong("surplus"),
    "stream/surplus-byte": wrong("surplus", words="1 bytes"),
    "stream/flipped-bit": wrong("wrong-bytes", words="from offset 32"),
    "stream/other-request": wrong("wrong-bytes", words=OTHER),
    "stream/wrong-connection": wrong("wrong-bytes", words=OTHER),
    "stream/floods": wrong("surplus", "wrong-bytes"),
    "stream/closes-early": broken("closed-early"),
    "stream/resets": broken("reset"),
    "stream/crashes": broken("reset", "closed-early"),
    "stream/short-reply": Finding(silent=True),
    "stream/never-answers": Finding(silent=True),
    "stream/never-reads": Finding(silent=True),
    "stream/hangs": Finding(silent=True, also=lambda digest: digest.samples > CONNECTIONS),
    "stream/falls-silent": Finding(stalled=CONNECTIONS // 4),
    "stream/answers-four": right(
        lambda digest: digest.connections_without_reply == CONNECTIONS - 4
    ),
    "stream/delays-40ms": right(lambda digest: known(digest.response_us.p50) >= 40_000),
    "stream/byte-at-a-time": right(),
    "stream/ignores-sigterm": right(),
    "stream/forks-orphan": right(),
    "datagram/drops-one-percent": right(lambda digest: known(digest.lost) > 0),
    "datagram/duplicates": Finding(
        frozenset({"duplicated"}), also=lambda digest: known(digest.duplicated) > 0
    ),
    "datagram/reorders": Finding(
        frozenset({"reordered"}), also=lambda digest: known(digest.reordered) > 0
    ),
}
# Those that do not get as far as a load.
UNREADY = {"stream/exits-at-once", "stream/wrong-at-probe"}
# Sound as an echo: what is wrong with it shows under work (test_work.py).
UNDER_WORK = {"stream/swaps-work"}


def test_every_defect_has_its_finding() -> None:
    assert FINDINGS.keys() | UNREADY | UNDER_WORK == VARIANTS.keys()


@pytest.mark.parametrize("key", FINDINGS)
def test_a_defect_is_found(key: str) -> None:
    depth = 4 if key.startswith("datagram") else 1  # one in flight cannot be overtaken
    with started(key) as server:
        digest = driven(server, Load(CONNECTIONS, 64, depth=depth))
    FINDINGS[key].check(digest)


def test_a_server_that_is_wrong_at_the_probe_is_not_measured() -> None:
    with pytest.raises(BrokenEcho, match=r"sent .*, received "), started("stream/wrong-at-probe"):
        pass


def test_a_server_that_exits_at_once_is_reported_with_its_last_words() -> None:
    begun = time.monotonic()
    with pytest.raises(NotReady, match="no licence found"), started("stream/exits-at-once"):
        pass
    assert time.monotonic() - begun < SLACK_S


def test_a_crash_is_known_by_its_exit_status() -> None:
    with started("stream/crashes") as server:
        driven(server, Load(CONNECTIONS, 64))
        assert server.exited()
        assert server.exit_status == 3


def test_a_server_that_ignores_sigterm_is_killed() -> None:
    with started("stream/ignores-sigterm") as server:
        pid = server.pid
    assert server.ended == "killed"
    assert not Path(f"/proc/{pid}").exists()


def test_an_orphan_in_a_session_of_its_own_is_killed() -> None:
    with started("stream/forks-orphan") as server:
        word, pid = server.output().split()
        assert word == "orphan"
        assert Path(f"/proc/{pid}").exists()
    assert server.ended == "killed"
    assert not Path(f"/proc/{pid}").exists()


HOSTILE_LOADS = {
    "closed": Load(CONNECTIONS, 64),
    "closed, large": Load(CONNECTIONS, 1024 * 1024),
    "pipelined": Load(CONNECTIONS, 64, depth=16),
    "churn": Load(CONNECTIONS, 64, requests_per_connection=2),
    "open": Load(CONNECTIONS, 64, rate=5000),
    "open, large": Load(CONNECTIONS, 256 * 1024, rate=2000),
}


@pytest.mark.parametrize("load", HOSTILE_LOADS.values(), ids=HOSTILE_LOADS)
@pytest.mark.parametrize("name", ["floods", "byte-at-a-time", "never-reads", "never-answers"])
def test_a_hostile_peer_cannot_hold_the_generator_up(name: str, load: Load) -> None:
    with started(f"stream/{name}") as server:
        begun = time.monotonic()
        digest = driven(server, load)
        took_s = time.monotonic() - begun
    assert took_s < WARMUP_S + WINDOW_S + DRAIN_S + SLACK_S
    assert known(known(digest.generator).peak_memory_mib) < MEMORY_MIB
