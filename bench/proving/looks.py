"""An interval for a ratio that holds however often one looks: decided from values alone.

Whoever measures until two servers differ gives chance a new try with each block. Here the evidence
against a ratio is a likelihood ratio: that of a difference drawn from a normal distribution,
against none, with the noise unknown (Lai, Annals of Statistics 4, 1976; Wang and Ramdas,
"Anytime-valid t-tests and confidence sequences for Gaussian means with unknown variance", 2024).
Where nothing differs it is a martingale that begins at 1, so the chance that it ever reaches
1 / error is at most the error (Ville 1939). The interval holds every ratio against which it has not
reached that.
"""

import math

from bench.base import levels
from bench.base.estimate import Estimate
from bench.pairs.layout import Contrast

# More blocks than this are not proposed to anybody.
BLOCKS_MOST = 100_000
# What a float holds, as a logarithm.
LARGEST = 700.0


def critical(blocks: float, freedom: float, error: float) -> float | None:
    """Return the half width of the interval in standard errors; None while nothing can be told.

    blocks: in which both were measured; freedom: of the standard error
    """
    grown = 1 + blocks * levels.EFFECT**2
    exponent = 2 / (freedom + 1)
    reached = (math.sqrt(grown) / error) ** exponent
    if reached >= grown:
        return None
    return math.sqrt(freedom * (reached - 1) / (1 - reached / grown))


def interval(contrast: Contrast, error: float) -> Estimate | None:
    """Return a ratio with its interval, which all looks together miss with a chance of `error`.

    Without ends where nothing can be told yet; None without a block in common.
    """
    if not contrast.blocks:
        return None
    centre, half = _bounded(contrast.log), _half(contrast, error)
    if half is None:
        return Estimate(centre)
    return Estimate(centre, _bounded(contrast.log - half), _bounded(contrast.log + half))


def detectable(contrast: Contrast, error: float, reach: float = 0.0) -> float | None:
    """Return the difference that this many blocks would show with a power of 80 %, as a fraction.

    reach: how far the instrument alone tells equal servers apart, as a fraction
    """
    half = _half(contrast, error)
    if half is None or contrast.error is None:
        return None
    beyond = _quantile(contrast.freedom) * contrast.error
    return math.expm1(min(LARGEST, half + beyond + math.log1p(reach)))


def more_blocks(contrast: Contrast, error: float, difference: float) -> int | None:
    """Return how many more blocks would show a difference with a power of 80 %, by this noise.

    0: these do. None where nothing is known of the noise, or it would be more than 100,000.
    """
    if contrast.error is None:
        return None
    spread, wanted = contrast.error * math.sqrt(contrast.blocks), math.log1p(difference)

    def shows(blocks: int) -> bool:
        planned = Contrast(0.0, spread / math.sqrt(blocks), blocks - 1.0, blocks)
        size = detectable(planned, error)
        return size is not None and math.log1p(size) <= wanted

    if shows(contrast.blocks):
        return 0
    low, high = contrast.blocks, contrast.blocks * 2
    while not shows(high):
        low, high = high, high * 2
        if high > BLOCKS_MOST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if shows(middle) else (middle, high)
    return high - contrast.blocks


def _half(contrast: Contrast, error: float) -> float | None:
    if contrast.error is None:
        return None
    times = critical(contrast.blocks, contrast.freedom, error)
    return None if times is None else times * contrast.error


def _quantile(freedom: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, float(levels.POWER)))


def _bounded(log: float) -> float:
    return math.exp(min(LARGEST, max(-LARGEST, log)))
