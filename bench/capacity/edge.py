"""At which rate a limit is reached: estimated from all trials together, decided from values alone.

The part of the requests that take longer than the limit grows with the rate. Near the edge its
logit is taken as a straight line over the logarithm of the rate, whose parameters are the edge
itself and the slope, which is above zero. Requests that are late come together, as a queue that has
grown makes all of them late, and the more of them the nearer the server is to its limit: the
variance of a trial's part grows about as its 1.5th power. That is a quasi-likelihood of Tweedie's
family; how large the variance is is estimated from the trials (Pearson's statistic over its degrees
of freedom), and the interval is that of the profile (McCullagh and Nelder, "Generalized Linear
Models", 2nd edition, chapter 9). Simulated with a single queue: tests/simulation/test_capacity.py.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bench.base.estimate import Estimate

Floats = NDArray[np.float64]

# A straight line is a fair likeness of the curve within this factor of the edge.
NEAR = 1.35
# And of so few trials all are taken, wherever they are.
NEAR_LEAST = 4
# What of the share allowed may be late at any load: a pause of the machine in a trial far below
# the edge says nothing about where it is.
BACKGROUND = 0.02
# How fast the logit of the late part grows over the logarithm of the rate. A queue with exponential
# services comes to 15 at a limit of 20 mean services, a server that collapses at once to hundreds.
SLOPES = np.geomspace(2.0, 1000.0, 32)
# With two parameters, and one degree of freedom for the variance.
LEAST = 3
# The edge is looked for this far beyond the rates that were tried, in so many steps.
BEYOND, STEPS = 1.5, 400


@dataclass(frozen=True)
class Point:
    """A trial: the requests that fell due at a rate, and those that took longer than the limit."""

    rate: float
    requests: int
    late: int

    @property
    def share(self) -> float:
        """Return which part took longer."""
        return self.late / self.requests if self.requests else 1.0


@dataclass(frozen=True)
class Edge:
    """Where a limit is reached.

    estimate: the rate; an end of its interval that the trials do not bound is None
    slope: by how much the logit of the late part grows over the logarithm of the rate
    near: how many trials it was estimated from
    """

    estimate: Estimate
    slope: float
    near: int


def edge(points: Sequence[Point], share: float, error: float) -> Edge | None:
    """Return where a part of the requests are late.

    Args:
        points: trials, at whatever rates.
        share: the part that may be late.
        error: how often the interval may miss the edge, as a fraction.

    Returns:
        None with fewer than three trials, or where all are on one side.
    """
    points = [point for point in points if point.requests]
    fails = {point.share > share for point in points}
    if len(points) < LEAST or len(fails) < 2:
        return None
    found = _profile(points, share, error)
    for _ in range(3):
        centre = found.estimate.value
        near = [p for p in points if centre / NEAR <= p.rate <= centre * NEAR]
        if len(near) < NEAR_LEAST or {point.share > share for point in near} != fails:
            break
        found = _profile(near, share, error)
    return found


def _profile(points: Sequence[Point], share: float, error: float) -> Edge:
    rates = np.log([point.rate for point in points])
    due = np.array([point.requests for point in points], dtype=float)
    late, weights = np.array([point.share for point in points]), due / due.mean()
    span = math.log(BEYOND)
    edges = np.linspace(rates.min() - span, rates.max() + span, STEPS)
    # Edges x slopes x trials: 400 x 32 x some thirty, 3 MB.
    exponents = SLOPES[None, :, None] * (rates[None, None, :] - edges[:, None, None])
    roots = np.sqrt(_late(share, exponents))
    deviance = (weights * 4 * (np.sqrt(late) - roots) ** 2 / roots).sum(axis=-1)
    profile = deviance.min(axis=1)
    best = int(profile.argmin())
    steepest = int(deviance[best].argmin())
    reach = _reach(late, roots[best, steepest] ** 2, weights, error)
    # Not below what chance alone makes of requests that are late one by one.
    least = 1 / (share**0.5 * float(due.mean())) * float(stats.f.isf(error, 1, len(points) - 2))
    inside = np.flatnonzero(profile <= profile[best] + max(reach, least))
    # Where several fit equally well, as between two trials on either side, the middle of them.
    level = np.flatnonzero(profile <= profile[best] + 1e-9)
    low, high = int(inside[0]), int(inside[-1])
    estimate = Estimate(
        math.exp(float(edges[level].mean())),
        math.exp(edges[low]) if low > 0 else None,
        math.exp(edges[high]) if high < STEPS - 1 else None,
    )
    return Edge(estimate, float(SLOPES[steepest]), len(points))


def _reach(late: Floats, fitted: Floats, weights: Floats, error: float) -> float:
    """Return by how much the deviance may grow within the interval."""
    squares = weights * (late - fitted) ** 2 / fitted**1.5
    dispersion = float(squares.sum()) / (len(squares) - 2)
    return dispersion * float(stats.f.isf(error, 1, _freedom(squares)))


def _freedom(squares: Floats) -> float:
    """Return the degrees of freedom of a variance that was estimated from these squares.

    Of normal residuals as many as there are beyond the two parameters; fewer the heavier their
    tails are, for the variance of a variance grows with the kurtosis (Box, 1953).
    """
    many, total = len(squares), float(squares.sum())
    kurtosis = many * float((squares**2).sum()) / total**2 - 3 if total else 0.0
    return (many - 2) / (1 + max(0.0, kurtosis) / 2)


def _late(share: float, exponents: Floats) -> Floats:
    """Return the expected part that is late; exponents: slope x distance to the edge."""
    background = BACKGROUND * share
    at_edge = (share - background) / (1 - background)
    offset = math.log(at_edge / (1 - at_edge))
    return background + (1 - background) / (1 + np.exp(-np.clip(offset + exponents, -50, 50)))
