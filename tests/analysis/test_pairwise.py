"""Which simulated servers are told apart: their truth is known."""

import itertools
import random
from collections.abc import Mapping

from bench.analysis import intervals, metrics, ranking
from bench.analysis.noise_floor import Floor
from bench.analysis.pairwise import Entrant
from bench.base.estimate import Estimate


def _blocks(seed: int, speeds: Mapping[str, float], blocks: int, noise: float) -> list[Entrant]:
    """Return servers of known speed; a block moves all of them by 10 %, a trial by its noise."""
    source = random.Random(seed)
    found: dict[str, dict[int, float]] = {name: {} for name in speeds}
    for block in range(blocks):
        machine = source.lognormvariate(0, 0.10)
        for name, speed in speeds.items():
            found[name][block] = speed * machine * source.lognormvariate(0, noise)
    return [Entrant(name, values) for name, values in found.items()]


def test_twenty_comparisons_of_a_server_with_itself() -> None:
    for blocks, noise in ((5, 0.02), (12, 0.05)):
        called = 0
        for seed in range(20):
            tested = ranking.rank(_blocks(seed, {"a": 1000, "b": 1000}, blocks, noise))
            called += tested.pairs[0].apart
        assert called <= 3


def test_five_percent_at_two_percent_of_noise_is_found() -> None:
    found = 0
    for seed in range(10):
        *servers, twin = _blocks(seed, {"plain": 1000, "busy": 950, "plain~aa": 1000}, 12, 0.02)
        logs = [twin.values[block] / servers[0].values[block] for block in twin.values]
        noise = Floor(*_pooled(logs), len(logs))
        found += ranking.rank(servers, noise=noise).tiers == (("plain",), ("busy",))
    assert found >= 8


def _pooled(values: list[float]) -> tuple[Estimate, float]:
    estimate = intervals.geometric(values)
    assert estimate is not None
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate, max(metrics.distance(estimate.low), metrics.distance(estimate.high))


def test_eight_equal_servers_are_one_tier() -> None:
    wrong = 0
    for seed in range(20):
        found = ranking.rank(_blocks(seed, {f"s{n}": 1000 for n in range(8)}, 5, 0.03))
        wrong += len(found.tiers) > 1
    # 5 % over all 28 pairs together.
    assert wrong <= 3


def test_few_blocks_of_many_servers_tell_of_each_others_noise() -> None:
    speeds = {f"s{n}": 1000 * 0.9**n for n in range(8)}
    own = together = 0
    for seed in range(10):
        servers = _blocks(seed, speeds, 3, 0.03)
        together += sum(pair.apart for pair in ranking.rank(servers).pairs)
        own += sum(ranking.rank(both).pairs[0].apart for both in itertools.combinations(servers, 2))
    # Of 280 pairs, all different: two at a time even without a correction for their number.
    assert together > 265 > own


def test_a_server_with_noise_of_its_own_is_not_called_different() -> None:
    wrong = 0
    for seed in range(40):
        source = random.Random(1000 + seed)
        servers = _blocks(seed, {f"s{n}": 1000 for n in range(7)}, 5, 0.03)
        wild = Entrant("wild", {b: 1000 * source.lognormvariate(0, 0.15) for b in range(5)})
        wrong += len(ranking.rank([*servers, wild]).tiers) > 1
    assert wrong <= 6
