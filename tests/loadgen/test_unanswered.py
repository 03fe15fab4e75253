"""A server that answers nothing: what is left is counted beyond what is kept one by one."""

from pathlib import Path

import pytest

from loadgen import digest, recorder
from loadgen.plan import Load
from tests.support import parts
from tests.support.parts import MS, START_NS

OPEN_NS = START_NS + 500 * MS
ENDED_NS = OPEN_NS + 1100 * MS
LEFT = 40


@pytest.mark.parametrize("kept", [LEFT, 3], ids=["all kept", "most only counted"])
def test_what_is_left_unanswered_is_known_whether_it_was_kept_or_counted(
    kept: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(recorder, "UNANSWERED_MAX", kept)
    plan = parts.plan(Load(3, rate=1000.0))
    made = parts.begun(plan, clock=lambda: ENDED_NS)
    for number in range(LEFT):
        due_ns = OPEN_NS + number * 10 * MS
        made.leave(due_ns, 0 if number % 4 == 0 else due_ns + MS, number % 3)
    found = digest.digest(plan, [parts.part(made, tmp_path / "columns", ENDED_NS)])
    assert len(made.unanswered) == 4 * kept
    assert (found.censored, found.unsent, found.samples) == (LEFT, LEFT // 4, LEFT)
    assert found.achieved_rps == LEFT * 3 / 4
    # Each has the age that it had at the end: from 0.71 to 1.1 s.
    assert found.response_us.max == pytest.approx(1_100_000, rel=0.001)
    assert found.response_us.p50 == pytest.approx(900_000, rel=0.015)


def test_requests_of_the_warm_up_and_of_after_the_close_are_not_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recorder, "UNANSWERED_MAX", 0)
    plan = parts.plan(Load(3, rate=1000.0))
    now_ns = OPEN_NS - MS
    made = parts.begun(plan, clock=lambda: now_ns)
    made.leave(START_NS, START_NS, 0)
    now_ns = ENDED_NS
    made.leave(OPEN_NS + 1000 * MS, OPEN_NS + 1000 * MS, 0)
    assert made.left == {"all": 0, "sent": 0, "unsent": 0}
    made.leave(OPEN_NS - MS, OPEN_NS - MS, 0)  # outstanding in the window, and not of its cohort
    assert made.left["all"] == 1
    assert sum(made.counts["left_response"]) == 0
