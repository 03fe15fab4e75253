"""What a run would show is what runs of such noise do show."""

import math
import random

import pytest

from bench.pairs import foresight, ranking
from bench.pairs.foresight import Foresight
from bench.pairs.pairwise import Entrant


def _values(
    seed: int, speeds: list[float], blocks: int, noise: float
) -> dict[str, dict[int, float]]:
    source = random.Random(seed)
    found: dict[str, dict[int, float]] = {f"s{at}": {} for at in range(len(speeds))}
    for block in range(blocks):
        machine = source.lognormvariate(0, 0.1)
        for name, speed in zip(found, speeds, strict=True):
            found[name][block] = speed * machine * source.lognormvariate(0, noise)
    return found


def test_the_noise_is_that_of_a_pair_in_one_block() -> None:
    found = foresight.of([_values(1, [1000.0] * 4, 60, 0.05)])
    assert found is not None
    assert found.noise == pytest.approx(0.05 * math.sqrt(2), rel=0.15)


def test_what_it_foresees_is_shown_in_four_of_five_runs() -> None:
    ahead = Foresight(0.03 * math.sqrt(2))
    size = ahead.detectable(10, 2)
    assert size is not None
    shown = 0
    for seed in range(100):
        values = _values(seed, [1000, 1000 / (1 + size)], 10, 0.03)
        entrants = [Entrant(name, of_server) for name, of_server in values.items()]
        shown += ranking.rank(entrants).pairs[0].apart
    assert 65 <= shown <= 92


def test_more_blocks_show_less() -> None:
    ahead = Foresight(0.05)
    blocks = ahead.blocks_for(0.05, 2)
    assert blocks is not None
    assert (ahead.detectable(blocks, 2) or 1) <= 0.05 < (ahead.detectable(blocks - 1, 2) or 1)
    assert Foresight(2.0).blocks_for(0.01, 8) is None


def test_nothing_is_foreseen_of_one_block() -> None:
    assert foresight.of([_values(1, [1000.0] * 3, 1, 0.05)]) is None
    assert Foresight(0.05).detectable(1, 2) is None
