"""From columns to a window: the cohort, replies between two instants, the course, the digest."""

from pathlib import Path

import numpy as np
import pytest

from loadgen import columns, recorder
from loadgen.digest import digest
from loadgen.part import Looks
from loadgen.plan import Load
from loadgen.recorder import ROWS_SPARE, Recorder
from loadgen.result import Recording, Times
from tests.support import parts
from tests.support.parts import MS

Instants = list[tuple[int, int]]


def test_percentiles_are_of_what_was_intended_in_the_window_whatever_its_end(
    tmp_path: Path,
) -> None:
    made = parts.begun(parts.plan())
    opened, closed = made.open_ns, made.close_ns
    made.add(opened - 9 * MS, opened - 9 * MS, opened + MS, 0)  # outstanding at the opening
    made.add(opened, opened + MS, opened + 3 * MS, 1)
    made.add(closed - 5 * MS, closed - 4 * MS, closed + 2 * MS, 1)  # answered after the close
    made.add(closed, closed + MS, closed + 4 * MS, 2)  # due after the close
    made.add(opened - 20 * MS, opened - 20 * MS, opened - MS, 2)  # the warm-up's
    window = parts.window(made, tmp_path / "columns")
    assert sorted(window.distribution("response").values.tolist()) == [3 * MS, 7 * MS]  # type: ignore[union-attr]
    assert sorted(window.distribution("service").values.tolist()) == [2 * MS, 6 * MS]  # type: ignore[union-attr]
    assert window.replies == 2
    assert window.sends == 2
    assert window.replies_per_connection.tolist() == [1, 2, 0]


def test_what_was_never_answered_has_its_age_and_is_counted_where_it_belongs(
    tmp_path: Path,
) -> None:
    now = [0]
    made = parts.begun(parts.plan(), clock=lambda: now[0])
    opened, closed = made.open_ns, made.close_ns
    now[0] = opened - MS
    made.leave(opened - 50 * MS, opened - 50 * MS, 0)  # given up in the warm-up
    now[0] = ended = closed + 100 * MS
    made.leave(opened - 30 * MS, opened - 30 * MS, 0)  # outstanding at the opening
    made.leave(closed - 400 * MS, closed - 399 * MS, 1)
    made.leave(closed - 200 * MS, 0, 2)  # never sent
    made.leave(closed + MS, closed + MS, 2)  # due after the close
    window = parts.window(made, tmp_path / "columns", ended)
    found = digest(parts.plan(), [parts.part(made, tmp_path / "again", ended)])
    assert found.censored == window.unanswered.shape[1] == 3
    assert sorted(window.distribution("response").values.tolist()) == [300 * MS, 500 * MS]  # type: ignore[union-attr]
    assert window.distribution("service").values.tolist() == [499 * MS]  # type: ignore[union-attr]
    assert sorted(window.distribution("lag").values.tolist()) == [MS, 300 * MS]  # type: ignore[union-attr]
    assert window.unsent == 1
    assert found.samples == 2


def evenly(made: Recorder, count: int) -> Instants:
    """Fill the warm-up and the window with replies at even intervals; return when they came."""
    span = made.close_ns - made.start_ns
    times = [made.start_ns + span * number // count + 7 for number in range(count)]
    for number, at_ns in enumerate(times):
        made.add(at_ns - 40_000, at_ns - 30_000, at_ns, number % 3)
    return [(at_ns - 40_000, at_ns) for at_ns in times]


def test_replies_between_two_instants_are_counted_exactly_where_rows_were_kept(
    tmp_path: Path,
) -> None:
    made = parts.begun(parts.plan())
    times = [received for _, received in evenly(made, 6000)]
    window = parts.window(made, tmp_path / "columns")
    for late_ns in (-7 * MS, 0, 3 * MS + 1):
        begin, end = made.open_ns + late_ns, made.close_ns - 5 * MS + late_ns
        inside = sum(begin <= at_ns < end for at_ns in times)
        assert window.replies_between(begin, end) == inside


@pytest.mark.parametrize("rows", [0, 3000], ids=["buckets", "raw, then buckets"])
def test_replies_between_two_instants_are_interpolated_in_buckets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rows: int
) -> None:
    monkeypatch.setattr(recorder, "COLUMN_BUDGET", 32 * (rows + ROWS_SPARE))
    made = parts.begun(parts.plan())
    times = [received for _, received in evenly(made, 6000)]
    window = parts.window(made, tmp_path / "columns")
    for open_late_ns, close_late_ns in ((0, 0), (13 * MS, -20 * MS), (2 * MS, 5 * MS)):
        begin, end = made.open_ns + open_late_ns, made.close_ns + close_late_ns
        # What came after the close goes on at the pace of the window.
        inside = sum(begin <= at_ns < end for at_ns in times)
        after = 4000 * max(0, close_late_ns) / 1e9
        assert window.replies_between(begin, end) == pytest.approx(inside + after, abs=12)


def test_the_course_is_of_whole_steps_back_from_the_opening(tmp_path: Path) -> None:
    made = parts.begun(parts.plan(duration_s=0.25, warmup_s=0.25))
    for offset_ms in (-240, -199, -101, -100, 0, 99, 100, 199, 200, 249, 250):
        at_ns = made.open_ns + offset_ms * MS
        made.add(at_ns - MS, at_ns - MS, at_ns, 0)
    warmup, course = parts.window(made, tmp_path / "columns").course()
    assert (warmup.replies, course.replies) == ((2, 1), (2, 2))
    assert warmup.p50_us == warmup.p99_us == course.p50_us == course.p99_us == (1000.0, 1000.0)


def test_a_step_without_a_reply_has_no_percentile(tmp_path: Path) -> None:
    made = parts.begun(parts.plan(duration_s=0.2, warmup_s=0.0))
    made.add(made.open_ns, made.open_ns, made.open_ns + MS, 0)
    _, course = parts.window(made, tmp_path / "columns").course()
    assert (course.replies, course.p50_us) == ((1, 0), (1000.0, None))


def test_processes_are_numbered_through_and_added_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept = parts.begun(parts.plan())
    evenly(kept, 3000)
    monkeypatch.setattr(recorder, "COLUMN_BUDGET", 32 * ROWS_SPARE)
    counted = parts.begun(parts.plan())
    evenly(counted, 3000)
    ended = kept.close_ns + MS
    made = [parts.part(kept, tmp_path / "a", ended), parts.part(counted, tmp_path / "b", ended)]
    window = columns.read(made)
    assert not window.raw
    assert window.replies == pytest.approx(4000, abs=2)
    assert window.replies_per_connection.tolist() == pytest.approx([667] * 6, abs=1)
    assert window.distribution("response").size == pytest.approx(4000, abs=4)
    assert window.distribution("response").quantile_ns(0.5) == pytest.approx(40_000, rel=1e-3)
    _, course = window.course()
    assert course.replies == (400,) * 10


def test_only_a_schedule_says_what_fell_due(tmp_path: Path) -> None:
    loads = [Load(3), Load(3, rate=4000.0), Load(3, requests_per_connection=2)]
    for number, load in enumerate(loads):
        made = parts.begun(parts.plan(load))
        evenly(made, 6000)
        one = parts.part(made, tmp_path / str(number), made.close_ns, due=4000)
        found = digest(parts.plan(load), [one])
        assert found.recorder is Recording.RAW
        assert (found.due, found.offered_rps) == ((4000, 4000.0) if load.rate else (None, None))
        assert (found.send_lag_us == Times()) == (load.rate is None)
        assert found.lost is None


def test_the_looks_of_others_come_with_the_replies_between_them(tmp_path: Path) -> None:
    made = parts.begun(parts.plan())
    times = np.array([received for _, received in evenly(made, 6000)])
    looks = Looks(made.open_ns + 2 * MS, made.close_ns + 500 * MS, 0.25)
    one = parts.part(made, tmp_path / "columns", made.close_ns + MS)
    watched = digest(parts.plan(), [one], None, looks).watched
    assert watched is not None
    assert watched.span_s == pytest.approx(1.498)
    assert watched.replies == (times >= looks.open_ns).sum()
    assert (watched.open_late_s, watched.close_late_s) == pytest.approx((0.002, 0.5))
    assert watched.house_cpu_s == 0.25


def test_samples_are_saved_where_every_row_was_kept_and_only_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = parts.begun(parts.plan())
    evenly(made, 600)
    digest(parts.plan(), [parts.part(made, tmp_path / "a", made.close_ns)], tmp_path / "a.npz")
    rows = np.load(tmp_path / "a.npz")
    assert len(rows["sent_ns"]) == len(rows["connection"]) == 400
    monkeypatch.setattr(recorder, "COLUMN_BUDGET", 32 * ROWS_SPARE)
    counted = parts.begun(parts.plan())
    evenly(counted, 600)
    digest(parts.plan(), [parts.part(counted, tmp_path / "b", made.close_ns)], tmp_path / "b.npz")
    assert not (tmp_path / "b.npz").exists()
