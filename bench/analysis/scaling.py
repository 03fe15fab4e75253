"""Gunther's universal scalability law, fitted to trials: what limits a server as more is added.

With N of what is added, throughput is
rate x N / (1 + contention x (N - 1) + coherency x N x (N - 1)).
Contention is the part that is done one after the other, coherency what each pair costs each other
(N. J. Gunther, "Guerrilla Capacity Planning", 2007, chapter 4). With coherency above zero there is
a most, at N = sqrt((1 - contention) / coherency); beyond it more makes it slower.

Fitted by least squares to the logarithms of all trials. Whether the law fits is tested before
anything is made of it: what the means of the points differ from the curve, against what trials of a
point differ from each other (the F test of lack of fit).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from bench.base import levels
from bench.base.estimate import Estimate

Floats = NDArray[np.float64]

# Of fewer points three parameters say little, and nothing is left to test them by.
POINTS_LEAST = 6
# The law is given up where it would be this wrong by chance in so few of as many tests.
MISFIT = 0.01
# Draws from the parameters' distribution, for what is computed from several of them.
DRAWS = 2000


@dataclass(frozen=True)
class Law:
    """A law as it was fitted; intervals at 95 %.

    rate: of one alone, in the unit of the values; contention, coherency: as parts
    most: the N of the highest throughput, None where coherency may be zero
    misfit: how likely such deviations from the curve are if the law holds
    """

    rate: Estimate
    contention: Estimate
    coherency: Estimate
    most: Estimate | None
    misfit: float
    draws: Floats

    @property
    def fits(self) -> bool:
        """Tell if the trials do not speak against it."""
        return self.misfit >= MISFIT

    def at(self, places: Sequence[float]) -> list[Estimate]:
        """Return what it predicts, with intervals."""
        point = [[math.log(self.rate.value), self.contention.value, self.coherency.value]]
        many = np.asarray(places, dtype=float)
        middle = np.exp(_log_curve(np.array(point), many)[0])
        low, high = np.exp(np.quantile(_log_curve(self.draws, many), _ends(), axis=0))
        return [
            Estimate(float(m), float(a), float(b))
            for m, a, b in zip(middle, low, high, strict=True)
        ]


def fit(points: Mapping[float, Sequence[float]]) -> Law | None:
    """Return the law through trials: by N, the throughput of each.

    None with fewer than six points, or without two trials of a point to test it by.
    """
    pairs = [(n, value) for n, values in points.items() for value in values if value > 0]
    places = sorted({n for n, _ in pairs})
    if len(places) < POINTS_LEAST or len(pairs) - len(places) < 1:
        return None
    many, seen = np.array([n for n, _ in pairs]), np.log([value for _, value in pairs])

    def residuals(guess: Floats) -> Floats:
        rest: Floats = _log_curve(guess[None, :], many)[0] - seen
        return rest

    start = [float(np.max(seen - np.log(many))), 0.05, 1e-4]
    bounds = ([-np.inf, 0.0, 0.0], [np.inf, 1.0, 1.0])
    found = optimize.least_squares(residuals, start, bounds=bounds, x_scale=[1.0, 1e-2, 1e-4])
    freedom = len(pairs) - 3
    rest = float((found.fun**2).sum())
    slopes: Floats = np.asarray(found.jac)
    spread = np.linalg.pinv(slopes.T @ slopes) * rest / freedom
    reach = float(stats.t.isf(levels.ERROR / 2, freedom)) * np.sqrt(np.diag(spread))
    source = np.random.default_rng(1)
    draws = source.multivariate_normal(found.x, spread, DRAWS, method="eigh")
    draws[:, 1:] = np.clip(draws[:, 1:], 0.0, 1.0)
    log_rate, contention, coherency = (float(each) for each in found.x)
    return Law(
        Estimate(*(math.exp(log_rate + by) for by in (0.0, -reach[0], reach[0]))),
        _part(contention, reach[1]),
        _part(coherency, reach[2]),
        _most(contention, coherency, coherency > reach[2], draws),
        _misfit(many, seen, rest),
        draws,
    )


def _log_curve(laws: Floats, many: Floats) -> Floats:
    """Return log(throughput): a row a law (log(rate), contention, coherency), a column an N."""
    log_rate, contention, coherency = (laws[:, at, None] for at in range(3))
    slowed = contention * (many - 1) + coherency * many * (many - 1)
    curve: Floats = log_rate + np.log(many) - np.log1p(slowed)
    return curve


def _part(value: float, reach: float) -> Estimate:
    return Estimate(value, max(0.0, value - reach), value + reach)


def _most(contention: float, coherency: float, sure: bool, draws: Floats) -> Estimate | None:
    if not sure:
        return None
    tops = np.sqrt((1 - draws[:, 1]) / np.maximum(draws[:, 2], 1e-15))
    low, high = np.quantile(tops, _ends())
    return Estimate(math.sqrt((1 - contention) / coherency), float(low), float(high))


def _misfit(many: Floats, seen: Floats, rest: float) -> float:
    places = np.unique(many)
    within = sum(float(((seen[many == n] - seen[many == n].mean()) ** 2).sum()) for n in places)
    between, freedom = len(places) - 3, len(many) - len(places)
    if within <= 0:
        return 1.0
    ratio = max(0.0, rest - within) / between / (within / freedom)
    return float(stats.f.sf(ratio, between, freedom))


def _ends() -> tuple[float, float]:
    return levels.ERROR / 2, 1 - levels.ERROR / 2
