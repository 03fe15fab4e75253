"""Where samples go: rows while they fit, buckets beyond, and memory only for what is written."""

import mmap
from pathlib import Path

import numpy as np
import pytest

from loadgen import recorder
from loadgen.plan import Load
from loadgen.recorder import BUCKETS, COARSE_BUCKETS, ROWS_SPARE, Recorder, Reserve, step_ns
from tests.support import parts
from tests.support.parts import MS, START_NS

LARGE = 1 << 24  # values: 128 MiB


def resident_bytes() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * mmap.PAGESIZE


def small(monkeypatch: pytest.MonkeyPatch, rows: int, load: Load | None = None) -> Recorder:
    """Return a recorder that has begun and keeps so many rows of four columns."""
    monkeypatch.setattr(recorder, "COLUMN_BUDGET", 32 * (rows + ROWS_SPARE))
    return parts.begun(parts.plan(load))


def add(made: Recorder, received_ns: list[int], took_ns: int = 5000, slot: int = 0) -> None:
    for at_ns in received_ns:
        made.add(at_ns - took_ns - 100, at_ns - took_ns, at_ns, slot)


def test_address_space_costs_nothing_until_it_is_written() -> None:
    before = resident_bytes()
    reserve = Reserve(LARGE)
    assert resident_bytes() - before < 1 << 20
    reserve.column[0] = reserve.column[LARGE - 1] = 7
    assert resident_bytes() - before < 1 << 20
    assert reserve.column[LARGE // 2] == 0


def test_touching_brings_a_part_of_it_into_memory() -> None:
    reserve = Reserve(LARGE)
    before = resident_bytes()
    reserve.touch(LARGE // 4)
    grown = resident_bytes() - before
    if not grown:
        pytest.skip("this kernel cannot populate a mapping: it takes Linux 5.14")
    assert grown == pytest.approx(8 * LARGE / 4, rel=0.05)
    reserve.touch(10 * LARGE)  # no more than there is
    assert reserve.column[0] == 0


def test_a_recorder_reserves_far_more_than_it_takes() -> None:
    before = resident_bytes()
    made = Recorder(parts.plan(Load(50), 600.0), 50)
    assert made.capacity * 32 >= recorder.COLUMN_BUDGET - 32
    assert resident_bytes() - before < 4 << 20


@pytest.mark.parametrize(
    ("share", "fits"),
    # Of the rows that would just fit at the rate of the warm-up, with the margin.
    [(0.5, True), (0.99, True), (1.01, False), (3.0, False)],
)
def test_the_warm_up_tells_by_its_own_rate_if_the_rows_will_fit(
    monkeypatch: pytest.MonkeyPatch, share: float, fits: bool
) -> None:
    made = small(monkeypatch, 6000)
    quarter_s = 0.25
    whole_s = parts.plan().warmup_s + parts.plan().duration_s
    made.rows = int(share * made.limit / recorder.PROJECTION_MARGIN * quarter_s / whole_s)
    made.project(START_NS + int(quarter_s * 1e9))
    assert made.window_fits == fits
    made.open()
    assert made.raw == fits


def test_without_a_warm_up_rows_are_kept_until_they_are_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = small(monkeypatch, 10)
    made.open()
    times = [made.open_ns + number * MS for number in range(1, 26)]
    add(made, times, slot=1)
    assert not made.raw
    assert made.rows == made.kept == 10
    assert made.received[:10].tolist() == times[:10]
    assert made.counted_in_window == 15
    assert made.replies.tolist() == [0, 15, 0]
    assert sum(made.counts["response"]) == sum(made.counts["lag"]) == 15
    assert made.counts["service"][recorder.bucket(5000)] == 15
    assert made.counts["response"][recorder.bucket(5100)] == 15
    assert made.counts["lag"][100] == 15


def test_rows_that_a_loop_wrote_itself_are_counted_where_it_looks_at_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = small(monkeypatch, 4)
    made.open()
    row, at_ns = 0, made.open_ns
    for _ in range(5):
        for _ in range(3):
            at_ns += MS
            made.intended[row], made.sent[row] = at_ns - 9000, at_ns - 8000
            made.received[row], made.slot[row] = at_ns, 2
            row += 1
        if row >= made.limit:
            row = made.fold(row)
    assert row == made.kept == 6  # the batch in which they became too many stands
    assert made.counted_in_window == made.replies[2] == 9
    assert made.counts["response"][recorder.bucket(9000)] == 9


def test_what_is_folded_in_the_warm_up_is_in_the_course_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = small(monkeypatch, 0)
    made.fold(0)
    add(made, [made.open_ns - 350 * MS, made.open_ns - 1])
    assert made.counted_in_window == sum(made.counts["response"]) == sum(made.replies) == 0
    steps = np.asarray(made.steps).reshape(-1, COARSE_BUCKETS).sum(axis=1)
    assert steps.tolist() == [0, 1, 0, 0, 1] + 11 * [0]


def test_what_comes_before_the_first_whole_step_is_in_no_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recorder, "COLUMN_BUDGET", 32 * ROWS_SPARE)
    made = parts.begun(parts.plan(warmup_s=0.05))
    made.fold(0)
    add(made, [made.open_ns - 10 * MS, made.open_ns + 10 * MS])
    steps = np.asarray(made.steps).reshape(-1, COARSE_BUCKETS).sum(axis=1)
    assert steps.tolist() == [1] + 10 * [0]


def test_what_comes_in_the_drain_is_in_the_last_step_and_its_own_cohort(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = small(monkeypatch, 0)
    made.fold(0)
    # Intended in the window, answered after it; and intended after it, which is nobody's.
    add(made, [made.close_ns + MS], took_ns=2 * MS)
    add(made, [made.close_ns + MS], took_ns=1000)
    steps = np.asarray(made.steps).reshape(-1, COARSE_BUCKETS).sum(axis=1)
    assert steps.tolist() == 15 * [0] + [2]
    assert made.counted_in_window == 0
    assert sum(made.counts["response"]) == made.replies[0] == 1


@pytest.mark.parametrize(
    ("warmup_s", "duration_s", "step_s"),
    [(1.0, 5.0, 0.1), (0.0, 60.0, 0.1), (0.1, 60.0, 0.2), (30.0, 600.0, 1.1), (0.0, 3600.0, 6.0)],
)
def test_steps_are_of_100_ms_until_there_would_be_too_many(
    warmup_s: float, duration_s: float, step_s: float
) -> None:
    made = parts.plan(None, duration_s, warmup_s)
    assert step_ns(made) == step_s * 1e9
    assert len(Recorder(made, 1).steps) <= (recorder.STEPS_MAX + 2) * COARSE_BUCKETS


def test_a_closed_loop_has_one_column_for_what_is_intended_and_what_is_sent() -> None:
    made = Recorder(parts.plan(), 1, sends_as_intended=True)
    assert set(made.reserves) == {"sent", "received", "slot"}
    made.add(1, 2, 3, 0)
    assert made.intended[0] == made.sent[0] == 2


def test_an_unanswered_request_is_kept_with_the_instant_at_which_it_was_given_up() -> None:
    made = Recorder(parts.plan(), 1, clock=lambda: 77)
    made.leave(5, 6, 0)
    made.leave(7, 0, 0)
    assert made.unanswered.tolist() == [5, 6, 0, 77, 7, 0, 0, 77]


def test_there_is_a_bucket_for_an_hour() -> None:
    assert recorder.bucket(3600 * 10**9) < BUCKETS - 1
