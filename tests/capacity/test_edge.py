"""Where a limit is reached, by trials whose truth is known."""

import math

import pytest

from bench.capacity.edge import Point, edge

RATES = (700, 740, 770, 800, 850)


def _late(rate: float, truth: float, slope: float, share: float) -> float:
    """Return the part that is late by a logistic curve through the edge."""
    logit = math.log(share / (1 - share)) + slope * math.log(rate / truth)
    return 1 / (1 + math.exp(-logit))


@pytest.mark.parametrize("share", [0.5, 0.1, 0.01, 0.001])
@pytest.mark.parametrize("slope", [8.0, 40.0])
def test_a_curve_without_chance_is_found_again(share: float, slope: float) -> None:
    many = 1_000_000
    points = [Point(rate, many, round(many * _late(rate, 770, slope, share))) for rate in RATES * 3]
    found = edge(points, share, 0.05)
    assert found is not None
    assert found.estimate.value == pytest.approx(770, rel=0.01)
    assert found.slope == pytest.approx(slope, rel=0.25)
    assert found.estimate.low is not None
    assert found.estimate.high is not None
    assert found.estimate.low <= 770 * 1.005
    assert found.estimate.high >= 770 * 0.995


def test_a_server_that_collapses_is_bounded_by_the_trials_on_both_sides() -> None:
    points = [Point(900.0, 4000, 0), Point(1000.0, 4000, 0), Point(1100.0, 4000, 4000)]
    found = edge([*points, *points], 0.01, 0.05)
    assert found is not None
    assert 1000 <= found.estimate.value <= 1100
    assert known(found.estimate.low) <= 1010
    assert known(found.estimate.high) >= 1080


def known(value: float | None) -> float:
    """Return what is there."""
    assert value is not None
    return value


def test_nothing_is_said_of_one_side_or_of_two_trials() -> None:
    kept = [Point(rate, 1000, 0) for rate in (10.0, 20.0, 30.0)]
    assert edge(kept, 0.01, 0.05) is None
    assert edge([kept[0], Point(40.0, 1000, 500)], 0.01, 0.05) is None


def test_trials_that_differ_more_make_the_interval_wider() -> None:
    def width(scatter: float) -> float:
        points = []
        for turn, rate in enumerate(RATES * 4):
            times = (1 + scatter) if turn % 2 else 1 / (1 + scatter)
            points.append(Point(rate, 100_000, round(1e5 * times * _late(rate, 770, 15, 0.01))))
        found = edge(points, 0.01, 0.05)
        assert found is not None
        return known(found.estimate.high) - known(found.estimate.low)

    assert width(1.0) > 2 * width(0.2)


def test_a_pause_far_below_the_edge_does_not_move_it() -> None:
    points = [Point(rate, 4000, round(4000 * _late(rate, 770, 15, 0.01))) for rate in RATES * 4]
    disturbed = [*points, Point(100.0, 4000, 60)]
    calm, moved = edge(points, 0.01, 0.05), edge(disturbed, 0.01, 0.05)
    assert calm is not None
    assert moved is not None
    assert moved.estimate.value == pytest.approx(calm.estimate.value, rel=0.02)
