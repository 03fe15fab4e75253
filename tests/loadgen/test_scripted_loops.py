"""The hot loops at ten times any real rate, on a scripted kernel: every reply is accounted for."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from loadgen.plan import Load
from tests.scripted.loops import ALL_ROWS, Played, Rows, Script

LOADS = {
    "closed": Load(50),
    "closed, three": Load(3),
    "pipelined, 4": Load(20, depth=4),
    "pipelined, 16": Load(10, depth=16),
    "pipelined, 64": Load(10, depth=64),
    "pipelined, 1024": Load(4, depth=1024),
    "open": Load(50, rate=3e6),
    "open, by turns, constant": Load(50, rate=1e6, arrivals="constant", assignment="turns"),
    "think time": Load(200, think_us=20),
    "think time, depth": Load(50, think_us=30, depth=4),
    "bounded in flight": Load(50, rate=2e6, max_in_flight=20),
    "churn": Load(50, requests_per_connection=1),
    "churn, 10": Load(50, requests_per_connection=10),
    "churn, open": Load(50, requests_per_connection=1, rate=8e5),
    "churn, open, 10": Load(50, requests_per_connection=10, rate=1.5e6),
    "churn, depth": Load(20, requests_per_connection=10, depth=4),
    "churn, think time": Load(50, requests_per_connection=5, think_us=10),
}
# Rows that may be kept, the warm-up in seconds, and what the digest calls that.
BUDGETS = {
    "all fit": (ALL_ROWS, 0.002, "raw"),
    "the warm-up says that they do not fit": (900, 0.002, "buckets"),
    "the warm-up alone does not fit": (100, 0.002, "buckets"),
    "they run out in the window": (1200, 0.0, "raw, then buckets"),
}
Play = Callable[[Script], Played]


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Play:
    return lambda script: Played(script, monkeypatch, tmp_path)


def as_found(played: Played, rows: Rows, truth: Rows) -> bool:
    """Tell if every request was sent at its write, and its reply received when it was found.

    That is at the end of the look; but after the read for those that take the slow path, which all
    do in the drain, and for those that were sent and answered since the look.
    """
    (sent, received), (wrote, look, read) = rows[:2], truth
    slow = (look >= played.close_ns) & (received == read + played.script.clock_ns)
    since = (look < wrote) & (received > read)
    return bool((sent == wrote).all() and ((received == look) | slow | since).all())


@pytest.mark.parametrize("budget", BUDGETS.values(), ids=BUDGETS)
@pytest.mark.parametrize("load", LOADS.values(), ids=LOADS)
def test_every_reply_is_accounted_for(
    play: Play, load: Load, budget: tuple[int, float, str]
) -> None:
    rows, warmup_s, called = budget
    played = play(Script(load, warmup_s=warmup_s, rows=rows))
    digest, truth = played.digest, played.truth()
    sent_ns, look_ns, _ = truth
    inside = (look_ns >= played.open_ns) & (look_ns < played.close_ns)
    late = look_ns >= played.open_ns
    assert digest.recorder == called
    assert inside.sum() > rows or called == "raw"
    assert digest.throughput_rps * digest.window_s == pytest.approx(inside.sum())
    # Those that are due by the close and sent after it are the window's too.
    sent_inside = (late & (sent_ns < played.close_ns)).sum()
    assert sent_inside <= sum(digest.replies_per_connection) <= late.sum()
    assert digest.mismatches == digest.errors == 0
    assert sum(digest.series.replies) == inside.sum()
    before = (look_ns < played.open_ns) & (look_ns >= played.open_ns - warmup_s * 1e9)
    assert sum(digest.warmup_series.replies) == before.sum()
    if called == "raw":
        assert as_found(played, played.rows, truth)


def close_to(value: float, exact: float, share: float, least_us: float) -> bool:
    return abs(value - exact) <= max(share * exact, least_us)


@pytest.mark.parametrize("budget", list(BUDGETS.values())[1:], ids=list(BUDGETS)[1:])
@pytest.mark.parametrize("load", LOADS.values(), ids=LOADS)
def test_buckets_tell_what_rows_do(play: Play, load: Load, budget: tuple[int, float, str]) -> None:
    rows, warmup_s, _ = budget
    # Recording takes no time here: both see the same load, to the nanosecond.
    exact = play(Script(load, warmup_s=warmup_s)).digest
    digest = play(Script(load, warmup_s=warmup_s, rows=rows)).digest
    assert digest.connect_us == exact.connect_us
    for name in ("throughput_rps", "samples", "due", "censored"):
        assert getattr(digest, name) == pytest.approx(getattr(exact, name)), name
    # When a request was sent is not kept: those that were due in the window stand for it.
    assert digest.achieved_rps == pytest.approx(exact.achieved_rps, rel=2e-3)
    for kind in ("response_us", "service_us", "send_lag_us"):
        times = asdict(getattr(digest, kind))
        for name, value in asdict(getattr(exact, kind)).items():
            if value is None:
                assert times[name] is None
            else:
                assert close_to(times[name], value, 0.001, 0.001), (kind, name)
    for series in ("series", "warmup_series"):
        assert getattr(digest, series).replies == getattr(exact, series).replies
        for name in ("p50_us", "p99_us"):
            both = (getattr(getattr(each, series), name) for each in (digest, exact))
            for value, other in zip(*both, strict=True):
                # A step has 32 buckets to a doubling, and of 32 ns at the least.
                assert close_to(value, other, 1 / 32, 0.032), (series, name)


@pytest.mark.parametrize("duration_s", [0.0005, 0.003, 0.0301])
@pytest.mark.parametrize("rows", [ALL_ROWS, 300], ids=["rows", "buckets"])
def test_the_course_has_percentiles_at_every_length(
    play: Play, rows: int, duration_s: float
) -> None:
    played = play(Script(Load(50), duration_s, 0.0, rows))
    series = played.digest.series
    assert len(series.replies) == max(1, int(duration_s * 1000))
    assert min(series.replies) > 300
    assert None not in series.p50_us + series.p99_us
