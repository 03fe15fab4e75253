"""Which simulated servers are told apart: their truth is known."""

import dataclasses
import itertools
import math
import random
from collections.abc import Mapping

import pytest

from bench.pairs import ranking
from bench.pairs.pairwise import Answer, Entrant, Reason


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


def _places(found: ranking.Ranking) -> dict[str, str]:
    return {place.server: place.rank for place in found.places}


def test_five_percent_at_two_percent_of_noise_is_found() -> None:
    found = 0
    for seed in range(10):
        servers = _blocks(seed, {"plain": 1000, "busy": 950}, 12, 0.02)
        found += _places(ranking.rank(servers)) == {"plain": "1", "busy": "2"}
    assert found >= 8


def test_three_answers_for_a_pair() -> None:
    quiet = _blocks(1, {"a": 1000, "b": 1000, "c": 900}, 12, 0.005)
    found = ranking.rank(quiet)
    answers = {frozenset((p.first, p.second)): p.answer for p in found.pairs}
    assert answers[frozenset("ab")] is Answer.EQUIVALENT
    assert answers[frozenset("ac")] is answers[frozenset("bc")] is Answer.APART
    (unsure,) = ranking.rank(_blocks(1, {"a": 1000, "b": 1000}, 5, 0.05)).pairs
    assert unsure.answer is Answer.NOT_SHOWN


def test_the_margin_of_equivalence_is_a_parameter() -> None:
    entrants = _blocks(1, {"a": 1000, "b": 1000}, 12, 0.005)
    (strict,) = ranking.rank(entrants, margin=0.0001).pairs
    assert strict.answer is Answer.NOT_SHOWN


def test_a_bound_is_never_equivalent() -> None:
    slow, fast = _blocks(1, {"a": 1000, "b": 1010}, 12, 0.001)
    (pair,) = ranking.rank([dataclasses.replace(slow, bound=True), fast]).pairs
    assert pair.because is Reason.BOUND
    assert pair.answer is Answer.NOT_SHOWN


def test_the_difference_that_would_have_been_shown_is_shown_in_four_of_five_runs() -> None:
    (pair,) = ranking.rank(_blocks(3, {"a": 1000, "b": 1000}, 200, 0.03)).pairs
    assert pair.detectable is not None
    # (1.96 + 0.84) standard errors of the mean of 200 differences, with a noise of 3 % in each.
    expected = math.expm1(2.8 * 0.03 * math.sqrt(2 / 200))
    assert pair.detectable == pytest.approx(expected, rel=0.1)
    shown = sum(
        ranking.rank(_blocks(seed, {"a": 1000, "b": 1000 / (1 + pair.detectable)}, 200, 0.03))
        .pairs[0]
        .apart
        for seed in range(100, 160)
    )
    assert 0.65 * 60 <= shown <= 0.93 * 60


def test_how_many_more_blocks_a_difference_takes() -> None:
    (pair,) = ranking.rank(_blocks(4, {"a": 1000, "b": 1000}, 12, 0.08)).pairs
    more = pair.more_blocks(0.05)
    assert more
    assert pair.detectable is not None
    enough = _blocks(3, {"a": 1000, "b": 1000}, 12 + more, 0.08)
    then = ranking.rank(enough).pairs[0].detectable
    assert then is not None
    assert then == pytest.approx(0.05, abs=0.02)
    assert pair.more_blocks(pair.detectable) == 0


def test_eight_equal_servers_share_their_places() -> None:
    wrong = 0
    for seed in range(20):
        found = ranking.rank(_blocks(seed, {f"s{n}": 1000 for n in range(8)}, 5, 0.03))
        wrong += any(pair.apart for pair in found.pairs)
    # 5 % over all 28 pairs together.
    assert wrong <= 3


def test_few_blocks_of_many_servers_tell_of_each_others_noise() -> None:
    speeds = {f"s{n}": 1000 * 0.9**n for n in range(8)}
    own = together = 0
    for seed in range(10):
        servers = _blocks(seed, speeds, 5, 0.05)
        together += sum(pair.apart for pair in ranking.rank(servers).pairs)
        own += sum(ranking.rank(both).pairs[0].apart for both in itertools.combinations(servers, 2))
    # Of 280 pairs, all different: two at a time even without a correction for their number.
    assert together > own


def test_a_server_with_noise_of_its_own_is_not_called_different() -> None:
    wrong = 0
    for seed in range(40):
        source = random.Random(1000 + seed)
        servers = _blocks(seed, {f"s{n}": 1000 for n in range(7)}, 5, 0.03)
        wild = Entrant("wild", {b: 1000 * source.lognormvariate(0, 0.15) for b in range(5)})
        wrong += any(pair.apart for pair in ranking.rank([*servers, wild]).pairs)
    assert wrong <= 6
