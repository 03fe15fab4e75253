"""What the pairs of a workload have in common of their variance."""

import random
from collections.abc import Mapping

import pytest

from bench.analysis import intervals, ranking, shrinkage
from bench.analysis.pairwise import Entrant


def _blocks(seed: int, speeds: Mapping[str, float], blocks: int, noise: float) -> list[Entrant]:
    """Return servers of known speed; a block moves all of them by 10 %, a trial by its noise."""
    source = random.Random(seed)
    found: dict[str, dict[int, float]] = {name: {} for name in speeds}
    for block in range(blocks):
        machine = source.lognormvariate(0, 0.10)
        for name, speed in speeds.items():
            found[name][block] = speed * machine * source.lognormvariate(0, noise)
    return [Entrant(name, values) for name, values in found.items()]


def test_degrees_of_freedom_are_those_that_servers_and_blocks_leave() -> None:
    assert shrinkage.residual_degrees_of_freedom([range(5)] * 4) == 3 * 4
    assert (
        shrinkage.residual_degrees_of_freedom([range(5), range(5), range(3, 5)]) == 12 - 3 - 5 + 1
    )
    assert shrinkage.residual_degrees_of_freedom([]) <= 1


def test_what_pairs_have_in_common_is_their_variance() -> None:
    source = random.Random(2)
    alike = [[source.gauss(0, 0.05) for _ in range(5)] for _ in range(400)]
    found = shrinkage.fit_prior(alike, 1600)
    assert found is not None
    assert found.variance == pytest.approx(0.05**2, rel=0.15)
    assert found.freedom > 50
    wild = [[source.gauss(0, source.choice((0.01, 0.3))) for _ in range(5)] for _ in range(400)]
    apart = shrinkage.fit_prior(wild, 1600)
    assert apart is not None
    assert apart.freedom < 3
    assert shrinkage.fit_prior(alike[:2], 8) is None


def test_two_servers_have_only_their_own_variance() -> None:
    (pair,) = ranking.rank(_blocks(4, {"a": 1000, "b": 900}, 5, 0.03)).pairs
    first, second = (e.values for e in _blocks(4, {"a": 1000, "b": 900}, 5, 0.03))
    assert pair.ratio == intervals.ratio(first, second)
