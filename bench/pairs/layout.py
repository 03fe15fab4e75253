"""The servers and blocks of a workload as one layout: each server's level, and its own noise."""

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.analysis import metrics
from bench.base import levels
from bench.pairs import dependence, shrinkage
from bench.pairs.shrinkage import NOTHING, Variance

Values = Mapping[str, Mapping[int, float]]
Floats = NDArray[np.float64]

# Weights and variances are found in turn; they change by less than a thousandth after some ten.
ROUNDS_MOST = 25
SETTLED = 1e-3
# A pair with fewer blocks in common says too little of what separates it for the others' noise.
SHARED_LEAST = 3


@dataclass(frozen=True)
class Contrast:
    """How far two servers are apart: the logarithm of first / second.

    error: standard error, with `freedom` degrees; None where there is none
    blocks: that both have
    """

    log: float
    error: float | None
    freedom: float
    blocks: int


@dataclass(frozen=True)
class Layout:
    """Servers and blocks: log(value) = level of the server + level of the block + noise.

    A block moves all servers alike, and each server has noise of its own. Levels are weighted least
    squares, so that servers which lack a block are compared by what the others did in it; where all
    have all blocks, the difference of two levels is the mean of their paired differences.

    levels: of each server; covariance: of the levels
    noise: the variance of one value of each
    dependence: how much of a block's deviation is in the next one's, 0 unless it was found
    """

    values: Values
    levels: dict[str, float]
    covariance: Floats
    noise: dict[str, Variance]
    dependence: float

    @property
    def blocks(self) -> int:
        """Return how many blocks there are."""
        return len({block for of_server in self.values.values() for block in of_server})

    def centre(self, server: str) -> float:
        """Return what a server would have had over all blocks; its geometric mean if it has all."""
        return math.exp(self.levels[server])

    def contrast(self, first: str, second: str) -> Contrast:
        """Return two servers beside each other.

        In a layout of fewer than five blocks, or of two servers, the error is that of their own
        paired differences: what other servers tell does not hold there (docs/methodology.md).
        """
        logs = metrics.logs(self.values[first], self.values[second])
        difference = self.levels[first] - self.levels[second]
        if len(logs) < 2:
            return Contrast(difference, None, 0.0, len(logs))
        if self.blocks < levels.OWN_BELOW or len(logs) < SHARED_LEAST or len(self.levels) < 3:
            variance, freedom = statistics.variance(logs) / len(logs), len(logs) - 1.0
        else:
            variance, freedom = self._modelled(first, second)
        wider, fewer = dependence.widening(self.dependence, len(logs))
        error = math.sqrt(max(variance * wider, NOTHING))
        return Contrast(difference, error, max(1.0, freedom * fewer), len(logs))

    def _modelled(self, first: str, second: str) -> tuple[float, float]:
        """Return the variance of a difference of levels, and Satterthwaite's degrees of freedom."""
        names = list(self.levels)
        i, j = names.index(first), names.index(second)
        covariance = self.covariance
        variance = float(covariance[i, i] + covariance[j, j] - 2 * covariance[i, j])
        a, b = self.noise[first], self.noise[second]
        parts = a.value**2 / a.freedom + b.value**2 / b.freedom
        return variance, (a.value + b.value) ** 2 / parts if parts else a.freedom + b.freedom


def fit(values: Values) -> Layout:
    """Lay out servers by block; every value is above zero, and every server has one."""
    names = list(values)
    blocks = sorted({block for of_server in values.values() for block in of_server})
    logs = np.array(
        [[math.log(values[name].get(block, math.nan)) for block in blocks] for name in names]
    ).reshape(len(names), len(blocks))
    there = ~np.isnan(logs)
    logs = np.where(there, logs, 0.0)
    noise = [Variance(1.0, 1.0)] * len(names)
    for _ in range(ROUNDS_MOST):
        weights = 1 / np.array([max(each.value, NOTHING) for each in noise])
        solved = _solve(logs, there, weights)
        before, noise = noise, _noise(solved, there)
        moved = (
            abs(a.value - b.value) > SETTLED * b.value for a, b in zip(noise, before, strict=True)
        )
        if not any(moved):
            break
    spread = np.sqrt(np.array([max(each.value, NOTHING) for each in noise]))
    deviations = np.where(there, solved.residuals / spread[:, None], math.nan)
    return Layout(
        values,
        dict(zip(names, solved.levels.tolist(), strict=True)),
        solved.covariance,
        dict(zip(names, noise, strict=True)),
        dependence.found(deviations),
    )


@dataclass(frozen=True)
class _Solved:
    levels: Floats
    covariance: Floats
    residuals: Floats
    leverage: Floats


def _solve(logs: Floats, there: NDArray[np.bool_], weights: Floats) -> _Solved:
    """Return weighted least squares of servers and blocks; the blocks are eliminated first."""
    weighted = there * weights[:, None]
    in_block = weighted.sum(axis=0)
    shares = weighted / in_block
    normal = np.diag(weighted.sum(axis=1)) - (shares * in_block) @ shares.T
    covariance: Any = np.linalg.pinv(normal, hermitian=True)
    means = (weighted * logs).sum(axis=0) / in_block
    servers = covariance @ (weighted * (logs - means)).sum(axis=1)
    of_blocks = means - shares.T @ servers
    residuals = np.where(there, logs - servers[:, None] - of_blocks, 0.0)
    mixed = covariance @ shares
    spread = np.diag(covariance)[:, None] - 2 * mixed + (shares * mixed).sum(axis=0)
    leverage = weights[:, None] * (1 / in_block + spread) * there
    return _Solved(servers + of_blocks.mean(), covariance, residuals, leverage)


def _noise(solved: _Solved, there: NDArray[np.bool_]) -> list[Variance]:
    """Return the variance of one value of each server, drawn to what they have in common.

    A residual is smaller than the noise, by what its own value took part in the levels. No server
    counts as more than half of its blocks, so that none can explain itself away.
    """
    counts = there.sum(axis=1)
    freedom = np.maximum(counts - solved.leverage.sum(axis=1), (counts - 1) / 2)
    squares = (solved.residuals**2).sum(axis=1)
    own = [
        Variance(float(square / free), float(free))
        for square, free, count in zip(squares, freedom, counts, strict=True)
        if count > 1
    ]
    left = there.sum() - there.shape[0] - there.shape[1] + 1
    shared = shrinkage.common(own, float(left))
    if shared is not None:
        own = shrinkage.drawn(own, shared)
    # A server with one value tells nothing of its noise, and has no interval.
    middle = statistics.median([each.value for each in own]) if own else 1.0
    each = iter(own)
    return [next(each) if count > 1 else Variance(middle, 1.0) for count in counts]
