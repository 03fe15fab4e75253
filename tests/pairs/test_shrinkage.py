"""What the servers of a workload have in common of their noise, and who is not drawn to it."""

import random
import statistics

import pytest

from bench.pairs import shrinkage
from bench.pairs.shrinkage import Variance


def _variances(spreads: list[float], blocks: int = 5, seed: int = 2) -> list[Variance]:
    source = random.Random(seed)
    return [
        Variance(statistics.variance([source.gauss(0, spread) for _ in range(blocks)]), blocks - 1)
        for spread in spreads
    ]


def test_what_servers_have_in_common_is_their_variance() -> None:
    found = shrinkage.common(_variances([0.05] * 400), 1600)
    assert found is not None
    assert found.value == pytest.approx(0.05**2, rel=0.15)
    assert found.freedom > 50


def test_servers_that_differ_have_little_in_common() -> None:
    source = random.Random(3)
    found = shrinkage.common(_variances([source.choice((0.01, 0.3)) for _ in range(400)]), 1600)
    assert found is not None
    assert found.freedom < 3


def test_too_few_servers_and_no_room_have_nothing_in_common() -> None:
    assert shrinkage.common(_variances([0.05] * 3), 8) is None
    assert shrinkage.common(_variances([0.05] * 8), 0) is None
    assert shrinkage.common([Variance(0.0, 4)] * 8, 28) is None


def test_a_server_of_its_own_kind_is_not_drawn_to_the_others() -> None:
    quiet, loud = Variance(0.5e-4, 4), Variance(250e-4, 4)
    drawn_quiet, drawn_loud = shrinkage.drawn([quiet, loud], Variance(1e-4, 20))
    assert drawn_quiet.freedom == pytest.approx(24)
    assert drawn_quiet.value == pytest.approx(0.917e-4, rel=0.01)
    assert drawn_loud.value == pytest.approx(loud.value, rel=0.01)
    assert drawn_loud.freedom == pytest.approx(4, rel=0.01)
