"""Series that are steady, that drift, and that change level, each told from the others."""

import math
import random
from collections.abc import Callable

import pytest

from bench.analysis import steadiness
from bench.model.trial import Trial
from loadgen.result import Series
from tests.support import synthetic

STEPS = 60


def _series(level: Callable[[float], float], noise: float, seed: int, steps: int = STEPS) -> Trial:
    """Return a trial whose level is a function of the place in the window, from 0 to 1."""
    source = random.Random(seed)
    replies = tuple(
        round(4000 * level(step / steps) * source.lognormvariate(0, noise)) for step in range(steps)
    )
    return synthetic.trial(synthetic.result(series=Series(0.1, replies)))


CASES = [
    ("constant", lambda at: 1.0, "steady"),
    ("5 % faster at the end", lambda at: 1 + 0.05 * at, "steady"),
    ("30 % faster at the end", lambda at: 1 + 0.3 * at, "warming"),
    ("30 % slower at the end", lambda at: 1 - 0.3 * at, "slowing"),
    ("fast after a slow start", lambda at: 0.7 if at < 0.25 else 1.0, "warming"),
    ("slow at the end", lambda at: 1.0 if at < 0.8 else 0.7, "slowing"),
    ("slow in the middle", lambda at: 0.7 if 0.35 < at < 0.65 else 1.0, "unsteady"),
    ("a step of 5 %", lambda at: 1.0 if at < 0.5 else 1.05, "steady"),
]


@pytest.mark.parametrize(("what", "level", "name"), CASES)
def test_classes(what: str, level: Callable[[float], float], name: str) -> None:
    for seed in range(5):
        found = steadiness.of_trial(_series(level, 0.02, seed))
        assert found is not None
        assert found.name == name, what


def test_noise_alone_is_steady() -> None:
    found = [steadiness.of_trial(_series(lambda at: 1.0, 0.10, seed)) for seed in range(100)]
    assert sum(one is not None and one.name != "steady" for one in found) <= 3


def test_the_size_of_a_straight_drift_by_hand() -> None:
    # From 1000 to 1190 in steps of 10: 190 over a median of 1095.
    found = steadiness.judge(list(range(1000, 1200, 10)))
    assert found is not None
    assert found.change == pytest.approx(190 / 1095)
    assert found.drifts
    # Of 20 points in perfect order: 6.2 standard deviations of tau.
    assert found.chance < 1e-8


def test_the_point_of_a_shift() -> None:
    found = steadiness.judge([1000.0] * 40 + [700.0] * 10 + [1000.0] * 50)
    assert found is not None
    assert found.name == "unsteady"
    assert found.shifts == (40, 50)
    assert not found.drifts


def test_a_long_series_is_folded_and_its_shift_stays_in_place() -> None:
    found = steadiness.judge([1000.0] * 1500 + [500.0] * 500)
    assert found is not None
    assert found.name == "slowing"
    assert found.shifts == (1500,)


def test_open_loop_is_judged_by_its_response_time() -> None:
    p50 = tuple(1000.0 + 20 * step for step in range(20))
    series = Series(0.1, (500,) * 20, p50, p50)
    trial = synthetic.trial(synthetic.result(series=series), workload=synthetic.OFFERED)
    found = steadiness.of_trial(trial)
    assert found is not None
    assert (found.name, found.series) == ("slowing", "p50_us")


def _whole(warmup: list[float], window: list[float]) -> Trial:
    """Return a trial with these replies per 100 ms, a quarter of a percent of noise on them."""
    source = random.Random(7)
    before, inside = (
        Series(0.1, tuple(round(value * source.gauss(1, 0.0025)) for value in piece))
        for piece in (warmup, window)
    )
    return synthetic.trial(synthetic.result(warmup_series=before, series=inside))


@pytest.mark.parametrize(
    ("what", "warmup", "window", "name", "settled_s"),
    [
        ("one level", [1000.0] * 5, [1000.0] * 20, "steady", None),
        ("faster in the warm-up", [600.0] * 6 + [1000.0] * 4, [1000.0] * 20, "warming", -0.4),
        ("faster in the window", [600.0] * 5, [600.0] * 3 + [1000.0] * 17, "warming", 0.3),
        ("slower in the window", [1000.0] * 5, [1000.0] * 10 + [700.0] * 10, "slowing", 1.0),
        ("no warm-up", [], [1000.0] * 10 + [700.0] * 10, "slowing", 1.0),
        ("never settled", [500.0] * 5, [600.0 + 30 * step for step in range(20)], "warming", None),
        ("half a second", [], [1000.0] * 5, "too short", None),
    ],
)
def test_the_course_from_the_first_request_on(
    what: str, warmup: list[float], window: list[float], name: str, settled_s: float | None
) -> None:
    course = steadiness.course(_whole(warmup, window))
    assert course.name == name, what
    assert course.settled_s == (None if settled_s is None else pytest.approx(settled_s)), what


def test_the_courses_of_a_cell_in_words() -> None:
    steady = _whole([1000.0] * 5, [1000.0] * 20)
    warming = _whole([600.0] * 6 + [1000.0] * 4, [1000.0] * 20)
    assert steadiness.courses([steady] * 3) == "steady"
    assert steadiness.courses([steady, warming, steady]) == "2 steady, 1 warming"
    assert steadiness.courses([synthetic.unready()]) == ""


@pytest.mark.parametrize(
    "replies", [[4000 + 500 * step for step in range(9)], [0] * 20, []], ids=["short", "0", "none"]
)
def test_what_cannot_be_judged(replies: list[int]) -> None:
    assert steadiness.judge(replies) is None


def test_a_server_that_never_ran_is_not_judged() -> None:
    assert steadiness.of_trial(synthetic.unready()) is None


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.8])
def test_a_series_without_a_trend_is_seldom_called_one(correlation: float) -> None:
    source = random.Random(11)
    called = 0
    for _ in range(200):
        value, points = 0.0, []
        for _ in range(50):
            value = correlation * value + math.sqrt(1 - correlation**2) * source.gauss(0, 0.10)
            points.append(1000 * (1 + value))
        found = steadiness.judge(points)
        assert found is not None
        called += found.drifts
    assert called <= 0.08 * 200


def test_a_trend_is_found_in_points_that_are_like_their_neighbours() -> None:
    source = random.Random(12)
    found = 0
    for _ in range(100):
        value, points = 0.0, []
        for at in range(50):
            value = 0.5 * value + math.sqrt(0.75) * source.gauss(0, 0.03)
            points.append(1000 * (1 + value + 0.25 * at / 50))
        judged = steadiness.judge(points)
        assert judged is not None
        found += judged.drifts
    assert found >= 85
