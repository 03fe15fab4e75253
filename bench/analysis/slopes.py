"""What one more of something costs: a straight line through trials, with its interval."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import stats

from bench.base import levels
from bench.base.estimate import Estimate

# Two points are a difference and no line; with fewer than three nothing tells if it is one.
POINTS_LEAST = 3


def slope(points: Mapping[float, Sequence[float]]) -> Estimate | None:
    """Return by how much the values of trials grow for each unit of their place, at 95 %.

    By least squares; None with fewer than three places, or no trial beyond them to judge by.
    """
    pairs = [(place, value) for place, values in points.items() for value in values]
    if len({place for place, _ in pairs}) < POINTS_LEAST or len(pairs) <= POINTS_LEAST:
        return None
    found = stats.linregress(*np.array(pairs, dtype=float).T)
    reach = float(stats.t.isf(levels.ERROR / 2, len(pairs) - 2) * found.stderr)
    return Estimate(float(found.slope), float(found.slope) - reach, float(found.slope) + reach)
