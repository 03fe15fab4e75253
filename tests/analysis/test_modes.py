"""Two groups of trials are found where there are two, and seldom where there is one."""

import random

import pytest

from bench.analysis import modes


def _trials(seed: int, many: int, slow: float) -> list[float]:
    source = random.Random(seed)
    return [
        40_000 * source.lognormvariate(0, 0.03) * (0.78 if source.random() < slow else 1.0)
        for _ in range(many)
    ]


def test_two_groups_are_told_with_what_they_are() -> None:
    values = [40_000.0 + at for at in range(17)] + [31_000.0, 31_010.0, 31_020.0]
    found = modes.found(values)
    assert found is not None
    assert (found.slower, found.faster) == (3, 17)
    assert found.low == pytest.approx(31_010, rel=0.001)
    assert found.high == pytest.approx(40_008, rel=0.001)


@pytest.mark.parametrize("many", [15, 20, 60])
def test_one_group_is_seldom_called_two(many: int) -> None:
    called = sum(modes.found(_trials(seed, many, 0.0)) is not None for seed in range(300))
    assert called <= 12


def test_a_slow_mode_is_found() -> None:
    found = sum(modes.found(_trials(seed, 20, 0.25)) is not None for seed in range(100))
    assert found >= 85


def test_one_value_far_out_is_no_group_and_few_trials_tell_nothing() -> None:
    assert modes.found([40_000.0 + at for at in range(19)] + [10_000.0]) is None
    assert modes.found([1.0, 1.0, 2.0, 2.0]) is None
