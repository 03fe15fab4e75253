"""Which connections stalled, from rows that a test names."""

from pathlib import Path

import pytest

from loadgen import digest
from loadgen.plan import Load, Plan
from loadgen.result import Result
from tests.support import parts
from tests.support.parts import MS, START_NS

OPEN_NS = START_NS + 500 * MS
# The window is a second long, and the drain as well.
ENDED_NS = OPEN_NS + 2000 * MS


def _found(
    tmp_path: Path,
    answered: list[tuple[int, int, int]],
    unanswered: list[tuple[int, int]],
    plan: Plan | None = None,
) -> Result:
    """Return the result of requests: sent and received (ms of the window) on a connection."""
    plan = plan or parts.plan(Load(3))
    made = parts.begun(plan, clock=lambda: ENDED_NS)
    for sent_ms, received_ms, slot in sorted(answered, key=lambda row: row[1]):
        sent_ns = OPEN_NS + sent_ms * MS
        made.add(sent_ns, sent_ns, OPEN_NS + received_ms * MS, slot)
    for sent_ms, slot in unanswered:
        made.leave(OPEN_NS + sent_ms * MS, OPEN_NS + sent_ms * MS, slot)
    return digest.digest(plan, [parts.part(made, tmp_path / "columns", ENDED_NS)])


QUICK = [(at, at + 1, slot) for at in range(0, 900, 10) for slot in range(3)]


def test_a_connection_that_was_answered_and_is_not_any_more(tmp_path: Path) -> None:
    rows = [row for row in QUICK if row[2] != 1 or row[0] < 400]
    found = _found(tmp_path, rows, [(400, 1)])
    assert found.stalled == 1
    assert found.stalled_since_s == pytest.approx(0.4)


def test_one_that_fell_silent_in_the_warm_up(tmp_path: Path) -> None:
    rows = [row for row in QUICK if row[2] != 1]
    found = _found(tmp_path, [(-300, -299, 1), *rows], [(-200, 1)])
    assert found.stalled == 1
    assert found.stalled_since_s == pytest.approx(-0.2)


def test_one_that_never_had_a_reply_is_starved_and_not_stalled(tmp_path: Path) -> None:
    found = _found(tmp_path, [row for row in QUICK if row[2] != 1], [(-400, 1)])
    assert found.stalled == 0
    assert found.connections_without_reply == 1


def test_one_that_answers_late_but_in_order_is_overloaded_and_not_stalled(tmp_path: Path) -> None:
    late = [(at, at + 1 + at, slot) for at in range(0, 900, 10) for slot in range(3)]
    late += [(-100, 1900, slot) for slot in range(3)]
    assert _found(tmp_path, late, [(950, slot) for slot in range(3)]).stalled == 0


def test_a_silence_shorter_than_ten_times_p99_may_end(tmp_path: Path) -> None:
    slow = [(at, at + 300, slot) for at in range(-400, 600, 5) for slot in range(3)]
    rows = [row for row in slow if row[2] != 1 or row[0] < 400]
    assert _found(tmp_path, rows, [(500, 1)]).stalled == 0


def test_what_is_outstanding_at_the_end_is_no_silence(tmp_path: Path) -> None:
    plan = parts.plan(Load(3))
    made = parts.begun(plan, clock=lambda: OPEN_NS + 1200 * MS)
    for sent_ms, received_ms, slot in QUICK:
        sent_ns = OPEN_NS + sent_ms * MS
        made.add(sent_ns, sent_ns, OPEN_NS + received_ms * MS, slot)
    made.leave(OPEN_NS + 990 * MS, OPEN_NS + 990 * MS, 1)
    ended_ns = OPEN_NS + 1200 * MS
    found = digest.digest(plan, [parts.part(made, tmp_path / "columns", ended_ns)])
    assert found.stalled == 0
