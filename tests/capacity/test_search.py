"""Which rate comes next, and what is known so far."""

import dataclasses

import pytest

from bench.base.estimate import Estimate
from bench.capacity import finding, search
from bench.capacity.search import Bound, Outcome, Tried
from bench.capacity.slo import Slo

SLOS = (Slo(99.0, 20_000.0),)
WINDOW_S, PEAK = 4.0, 1000.0


def _tried(rate: float, outcome: Outcome, late: int = 0, why: str = "") -> Tried:
    late = late or (2000 if outcome is Outcome.MISSED else 0)
    return Tried(rate, 4000, (late,), outcome, why)


def _next(*tried: Tried) -> float | None:
    now = search.found(tried, SLOS, 0.05)
    return search.next_rate(tried, now, PEAK, SLOS, WINDOW_S)


KEPT, MISSED, REFUSED = Outcome.KEPT, Outcome.MISSED, Outcome.NOT_OFFERED


@pytest.mark.parametrize(
    ("tried", "expected"),
    [
        ([], 500.0),
        ([(500, KEPT)], 1000.0),
        ([(500, KEPT), (1000, KEPT)], 2000.0),
        ([(500, MISSED)], 250.0),
        ([(500, MISSED), (250, MISSED)], 125.0),
        ([(500, KEPT), (1000, MISSED)], 707.0),
        # A moment in which the generator was held up is tried again; three are its limit.
        ([(500, KEPT), (1000, REFUSED)], 1000.0),
        ([(500, KEPT), *[(1000, REFUSED)] * 3], 707.0),
        ([(950, KEPT), *[(1000, REFUSED)] * 3], None),
        ([(500, REFUSED)], 500.0),
        ([(500, REFUSED)] * 3, 250.0),
        # Of so few requests in a window none is late by the limit: 2 of 100 in 4 s.
        ([(60, MISSED)], None),
        ([(500, Outcome.NOTHING)] * 3, None),
        ([(500, Outcome.NOTHING)] * 2, 500.0),
    ],
)
def test_the_next_rate(tried: list[tuple[float, Outcome]], expected: float | None) -> None:
    assert _next(*(_tried(*each) for each in tried)) == expected


def test_near_the_edge_rates_are_on_both_sides_of_it() -> None:
    tried = [_tried(500, KEPT), _tried(800, MISSED), _tried(700, KEPT, 20)]
    rates = []
    for _ in range(5):
        rate = _next(*tried)
        assert rate is not None
        rates.append(rate)
        tried.append(_tried(rate, KEPT if rate < 750 else MISSED, 20 if rate < 750 else 90))
    assert min(rates) < 750 < max(rates)
    assert all(600 < rate < 950 for rate in rates)


@pytest.mark.parametrize(
    ("tried", "bound", "value"),
    [
        ([], Bound.UNKNOWN, None),
        ([(500, REFUSED)], Bound.UNKNOWN, None),
        ([(500, KEPT), (1000, KEPT)], Bound.AT_LEAST, 1000),
        ([(500, KEPT), (1000, REFUSED)], Bound.AT_LEAST, 500),
        ([(500, MISSED), (250, MISSED)], Bound.BELOW, 250),
    ],
)
def test_what_is_a_bound_is_called_one(
    tried: list[tuple[float, Outcome]], bound: Bound, value: float | None
) -> None:
    found = search.found([_tried(*each) for each in tried], SLOS, 0.05)
    assert found.bound is bound
    assert (found.estimate and found.estimate.value) == value
    assert found.width is None


def test_requests_that_pile_up_count_as_late_though_none_is_yet() -> None:
    tried = [Tried(rate, 4000, (0,), KEPT) for rate in (400.0, 500.0, 600.0)]
    tried += [Tried(rate, 4000, (0,), MISSED, "overloaded") for rate in (700.0, 800.0)]
    found = search.found(tried, SLOS, 0.05)
    assert found.bound is Bound.NONE
    assert found.estimate is not None
    assert 600 <= found.estimate.value <= 700


def test_what_others_did_to_a_trial_says_nothing_of_the_server() -> None:
    calm = [_tried(rate, KEPT) for rate in (400.0, 500.0, 600.0)] + [_tried(700.0, MISSED)]
    disturbed = dataclasses.replace(_tried(300.0, MISSED), disturbed=True)
    assert search.found([*calm, disturbed], SLOS, 0.05) == search.found(calm, SLOS, 0.05)
    # Where there is nothing else it has to do.
    assert search.found([disturbed], SLOS, 0.05).bound is Bound.BELOW


def test_of_several_limits_the_one_that_is_reached_first_binds() -> None:
    slos = (Slo(99.0, 20_000.0), Slo(50.0, 1000.0))
    tried = [
        Tried(rate, 4000, (0 if rate < 800 else 400, 0 if rate < 600 else 3000), outcome)
        for rate, outcome in ((500, KEPT), (560, KEPT), (620, MISSED), (700, MISSED), (850, MISSED))
    ]
    found = search.found(tried, slos, 0.05)
    assert found.binding == 1
    assert found.estimate is not None
    assert 500 < found.estimate.value < 640


def test_a_ratio_takes_the_reach_of_both() -> None:
    ratio = finding.quotient(Estimate(110.0, 100.0, 121.0), Estimate(100.0, 100 / 1.1, 110.0))
    assert ratio.value == pytest.approx(1.1)
    reach = 1.1 ** (2**0.5)
    assert (ratio.low, ratio.high) == pytest.approx((1.1 / reach, 1.1 * reach))
    assert finding.quotient(Estimate(110.0), Estimate(100.0, 90.0, 110.0)) == Estimate(1.1)
