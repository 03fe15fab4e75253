"""How often equal runs are said to have taken a step, and how often a step is found."""

import numpy as np
import pytest

from bench.comparing import ratios
from bench.history import steps
from bench.pairs.layout import Contrast

HISTORIES = 300
BLOCKS = 5
TRIALS = 0.015

Steps = dict[tuple[int, int], Contrast]


def marked(
    source: np.random.Generator, cells: int, runs: int, between: float, step: float = 1.0
) -> Steps:
    """Return the steps of a made history; the first cell takes one in the middle."""
    contrasts = {}
    for cell in range(cells):
        worth = source.normal(0, between, runs)
        if cell == 0:
            worth[runs // 2 :] += np.log(step)
        values = np.exp(worth[:, None] + source.normal(0, TRIALS, (runs, BLOCKS))).tolist()
        for at in range(runs - 1):
            contrast = ratios.contrast([values[at]], [values[at + 1]])
            assert contrast is not None
            contrasts[cell, at] = contrast
    noise = steps.between(list(contrasts.values()))
    widened = {key: steps.widened(each, noise) for key, each in contrasts.items()}
    known = {key: each for key, each in widened.items() if each is not None}
    return steps.found(known, dict.fromkeys(known, 0.0))


@pytest.mark.parametrize(("cells", "runs"), [(1, 2), (1, 4), (9, 2), (1, 8), (4, 4), (8, 12)])
@pytest.mark.parametrize("between", [0.0, 0.01, 0.04])
def test_equal_runs_seldom_take_a_step(cells: int, runs: int, between: float) -> None:
    source = np.random.default_rng([cells, runs, int(between * 100)])
    wrong = sum(bool(marked(source, cells, runs, between)) for _ in range(HISTORIES))
    # 5 % is asked, and of a thousand histories at most 5 % were seen; of three hundred 10 % is four
    # standard errors beyond it.
    assert wrong / HISTORIES <= 0.10


def test_a_step_well_beyond_the_noise_is_found_where_it_is() -> None:
    source = np.random.default_rng(7)
    right = sum(set(marked(source, 6, 10, 0.02, step=1.25)) == {(0, 4)} for _ in range(HISTORIES))
    assert right / HISTORIES >= 0.9


def test_few_neighbours_tell_no_noise() -> None:
    few = [Contrast(0.1, 0.01, 8.0, 5)] * 2
    assert steps.between(few) is None
    many = steps.between(few * 2)
    assert many is not None
    assert many.value > 0
