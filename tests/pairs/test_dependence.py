"""Blocks that are like their neighbours, found and paid for."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.pairs import dependence


def _series(correlation: float, servers: int, blocks: int, seed: int) -> NDArray[np.float64]:
    source = np.random.default_rng(seed)
    noise = source.standard_normal((servers, blocks))
    for block in range(1, blocks):
        noise[:, block] *= math.sqrt(1 - correlation**2)
        noise[:, block] += correlation * noise[:, block - 1]
    # As residuals are: the mean of each server and of each block is taken out.
    noise -= noise.mean(axis=1, keepdims=True)
    return np.asarray(noise - noise.mean(axis=0, keepdims=True))


def test_independent_blocks_are_mostly_taken_for_that() -> None:
    found = [dependence.found(_series(0.0, 8, 20, seed)) for seed in range(200)]
    assert np.mean(np.array(found) > 0) < 0.18


def test_dependence_is_found_by_its_upper_end() -> None:
    found = [dependence.found(_series(0.5, 8, 20, seed)) for seed in range(100)]
    assert np.mean(np.array(found) > 0) > 0.95
    assert 0.5 < np.median(found) < 0.65


def test_few_blocks_do_not_tell() -> None:
    assert dependence.found(_series(0.9, 8, 9, 1)) == 0
    assert dependence.found(_series(0.9, 1, 60, 1)) == 0


def test_a_mean_of_dependent_values_varies_more() -> None:
    assert dependence.widening(0.0, 20) == (1.0, 1.0)
    wider, fewer = dependence.widening(0.5, 1000)
    # In the limit (1 + r) / (1 - r).
    assert wider == pytest.approx(3, rel=0.02)
    assert fewer == pytest.approx(1 / 3, rel=0.02)
