"""The interval that holds however often one looks, at its edges."""

import math

import pytest

from bench.base import levels
from bench.pairs.layout import Contrast
from bench.proving import looks

ERROR = 0.0125


def noise_of(blocks: int, spread: float = 0.03, log: float = 0.0) -> Contrast:
    return Contrast(log, spread / math.sqrt(blocks), blocks - 1.0, blocks)


@pytest.mark.parametrize("blocks", [2, 3])
def test_few_blocks_tell_nothing(blocks: int) -> None:
    interval = looks.interval(noise_of(blocks), ERROR)
    assert interval is not None
    assert interval.low is None
    assert looks.detectable(noise_of(blocks), ERROR) is None


def test_one_block_has_no_error_and_none_no_ratio() -> None:
    one = looks.interval(Contrast(0.5, None, 0.0, 1), ERROR)
    assert one is not None
    assert one.value == pytest.approx(math.exp(0.5))
    assert one.low is None
    assert looks.interval(Contrast(0.5, None, 0.0, 0), ERROR) is None
    assert looks.more_blocks(Contrast(0.5, None, 0.0, 1), ERROR, 0.03) is None


def test_the_interval_is_that_at_which_the_evidence_reaches_its_limit() -> None:
    blocks, freedom, prior = 20, 19.0, float(levels.EFFECT)
    times = looks.critical(blocks, freedom, ERROR)
    assert times is not None
    # The likelihood ratio as it is written down, at the end of the interval.
    grown = 1 + blocks * prior**2
    shrunk = (1 + times**2 / freedom) / (1 + times**2 / (freedom * grown))
    assert shrunk ** ((freedom + 1) / 2) / math.sqrt(grown) == pytest.approx(1 / ERROR)


def test_it_is_wider_than_that_of_one_look_and_becomes_narrow() -> None:
    widths = [looks.critical(n, n - 1.0, ERROR) for n in (6, 10, 30, 300, 3000)]
    assert all(width is not None and width > 2.5 for width in widths)
    ends = [looks.interval(noise_of(n), ERROR) for n in (10, 100, 1000)]
    highs = [end.high for end in ends if end is not None and end.high is not None]
    assert highs == sorted(highs, reverse=True)
    assert highs[-1] < 1.01


def test_more_blocks_are_those_after_which_the_difference_would_be_shown() -> None:
    more = looks.more_blocks(noise_of(10), ERROR, 0.03)
    assert more is not None
    then, before = looks.detectable(noise_of(10 + more), ERROR), noise_of(9 + more)
    assert then is not None
    assert then <= 0.03 < (looks.detectable(before, ERROR) or 0)
    assert looks.more_blocks(noise_of(10 + more), ERROR, 0.03) == 0
    assert looks.more_blocks(noise_of(10, 50.0), ERROR, 0.03) is None


def test_a_floor_has_to_be_passed_as_well() -> None:
    plain, held = (looks.detectable(noise_of(10), ERROR, reach) or 0 for reach in (0.0, 0.05))
    assert held == pytest.approx((1 + plain) * 1.05 - 1)
