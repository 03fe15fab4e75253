"""Whether what a block was like is still in the next one, and what that costs an interval."""

import math

import numpy as np
from numpy.typing import NDArray

from bench.base import levels

# A dependence beyond this leaves nothing to compare by.
MOST = 0.95


def found(deviations: NDArray[np.float64]) -> float:
    """Return the lag-1 correlation over blocks by its upper end, 0 unless it was found.

    deviations: of each server (row) in each block (column), in units of its noise; NaN where it has
        no value

    The servers' own are pooled; the bias of a mean that was taken out is put back (Kendall,
    Biometrika 41, 1954). Where it was found its upper end is used, since an interval that is
    widened by the middle of a poor estimate is too narrow half of the time. Nothing is looked for
    in fewer than ten blocks, which do not tell.
    """
    servers, blocks = deviations.shape
    if blocks < levels.DEPENDENCE_FROM or servers < 2:
        return 0.0
    neighbours = deviations[:, 1:] * deviations[:, :-1]
    squares = np.nansum(deviations**2)
    if not squares:
        return 0.0
    correlation = (float(np.nansum(neighbours) / squares) * blocks + 1) / (blocks - 1)
    error = 1 / math.sqrt((servers - 1) * blocks)
    return min(MOST, correlation + error) if correlation > levels.DEPENDENCE * error else 0.0


def widening(correlation: float, blocks: int) -> tuple[float, float]:
    """Return by what the variance of a mean grows, and its degrees of freedom shrink.

    Of a first-order autoregression: the mean varies more than independent values say, and what
    they differ by among themselves says less of it.
    """
    if not correlation:
        return 1.0, 1.0
    lags = np.arange(1, blocks)
    grown = 1 + 2 * float(((1 - lags / blocks) * correlation**lags).sum())
    understated = 1 - (grown - 1) / (blocks - 1)
    return grown / max(understated, 1 / blocks), 1 / grown
