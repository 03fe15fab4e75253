"""Where the order of two servers changes: found where it is, with intervals that hold it."""

import math
import random
from collections.abc import Callable

import pytest

from bench.pairs.crossover import Change, Point, changes

WORKS = (0.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
MARGIN = 0.03


def points(
    log_ratio: Callable[[float], float], noise: float = 0.0, seed: int = 1, blocks: int = 7
) -> list[Point]:
    """Return points whose leads are the truth's, with blocks that scatter around it."""
    draw = random.Random(seed)
    made = []
    for work in WORKS:
        truth = log_ratio(work)
        logs = {block: truth + draw.gauss(0, noise) for block in range(blocks)}
        lead = 0 if abs(truth) < 0.02 else int(math.copysign(1, truth))
        made.append(Point(work, logs, lead))
    return made


def falling(crossing: float, slope: float = 0.2) -> Callable[[float], float]:
    return lambda work: slope * math.log((crossing + 1) / (work + 1))


def only(found: list[Change]) -> Change:
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("crossing", [20.0, 45.0, 173.2, 500.0])
def test_a_change_of_lead_is_where_the_ratio_is_one(crossing: float) -> None:
    change = only(changes(points(falling(crossing)), MARGIN))
    assert (change.before, change.beyond) == (1, -1)
    # A straight line between two points is not quite the curve.
    assert change.at.value == pytest.approx(crossing, rel=0.15)


def test_its_interval_holds_the_truth_as_often_as_it_says() -> None:
    crossing, held, tries = 173.2, 0, 200
    for seed in range(tries):
        change = only(changes(points(falling(crossing), noise=0.05, seed=seed), MARGIN))
        assert change.at.low is not None
        assert change.at.high is not None
        assert change.at.low <= change.at.value <= change.at.high
        held += change.at.low * 0.98 <= crossing <= change.at.high * 1.02
    # 95 % of 200, less three standard deviations.
    assert held >= 0.90 * tries


def test_a_lead_that_is_lost_to_nobody_ends_where_it_is_the_margin() -> None:
    def leads_first(work: float) -> float:
        return max(0.0, 0.3 - 0.1 * math.log10(work + 1))

    change = only(changes(points(leads_first), MARGIN))
    assert (change.before, change.beyond) == (1, 0)
    assert leads_first(change.at.value) == pytest.approx(math.log1p(MARGIN), abs=0.01)


def test_a_lead_that_is_won_begins_where_it_is_the_margin() -> None:
    change = only(
        changes(points(lambda work: -0.4 * max(0.0, math.log10((work + 1) / 30))), MARGIN)
    )
    assert (change.before, change.beyond) == (0, -1)
    assert 30 < change.at.value < 100


@pytest.mark.parametrize("constant", [0.5, 0.0, -0.5])
def test_an_order_that_stays_has_no_crossover(constant: float) -> None:
    assert changes(points(lambda _: constant), MARGIN) == []


def test_a_single_block_has_a_place_and_no_interval() -> None:
    change = only(changes(points(falling(45.0), blocks=1), MARGIN))
    assert change.at.low is change.at.high is None


def test_a_tie_between_two_points_of_one_leader_is_no_change() -> None:
    held = [
        Point(work, dict.fromkeys(range(5), 0.1), lead) for work, lead in ((1, 1), (2, 0), (3, 1))
    ]
    assert changes(held, MARGIN) == []
