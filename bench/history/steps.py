"""Which steps between neighbouring runs exceed the noise: that of trials, and that between runs."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bench.base import levels
from bench.base.estimate import Estimate
from bench.comparing.families import Family, Key
from bench.pairs import pairwise
from bench.pairs.layout import Contrast
from bench.pairs.shrinkage import NOTHING, Variance

# Of a standard normal value, the median of its square.
MEDIAN_OF_SQUARE = 0.455
# How much of the values a median makes use of, beside a mean (Hampel and others, Robust
# Statistics, 1986, for the median absolute deviation).
EFFICIENCY = 0.37


def between(contrasts: Sequence[Contrast]) -> Variance | None:
    """Return by how much neighbouring runs differ without a change; None of too few neighbours.

    contrasts: of all cells, each run's neighbour over it

    It is a median over all cells and neighbours, so that changes, which are few, do not count as
    noise; what trials vary by is taken out. A machine that moved all cells together did just that.
    """
    known = [(each.log**2, each.error**2) for each in contrasts if each.error is not None]
    if len(known) < levels.NEIGHBOURS_LEAST:
        return None
    middle = statistics.median(square for square, _ in known) / MEDIAN_OF_SQUARE
    by_trials = statistics.median(error for _, error in known)
    return Variance(max(0.0, middle - by_trials), EFFICIENCY * len(known))


def widened(contrast: Contrast, noise: Variance | None) -> Contrast | None:
    """Return a contrast whose error knows what runs differ by (Satterthwaite's freedom).

    noise: between runs; None where that is not known, or the contrast has no error of its own
    """
    if contrast.error is None or noise is None:
        return None
    if noise.value < NOTHING:
        return contrast
    own = contrast.error**2
    both = own + noise.value
    parts = own**2 / contrast.freedom + noise.value**2 / noise.freedom
    return replace(contrast, error=math.sqrt(both), freedom=both**2 / parts)


def found(contrasts: Mapping[Key, Contrast], reach: Mapping[Key, float]) -> dict[Key, Contrast]:
    """Return the steps that are beyond the noise, at one level over all of them.

    contrasts: a run over the one before it, widened; reach: what the instrument alone tells apart,
        a fraction
    """
    return {key: contrasts[key] for key in Family(contrasts, reach).changed()}


def ratio(step: Contrast) -> Estimate | None:
    """Return a step as a ratio with its interval at 95 %."""
    return pairwise.estimated(step, levels.LEVEL)[0]
