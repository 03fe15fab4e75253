"""The generator judges its own schedule, after Lancet (Kogias et al., USENIX ATC '19)."""

from typing import Any

import numpy as np

from loadgen.columns import Window
from loadgen.histogram import Column
from loadgen.plan import Plan

SAMPLE = 1000
SAMPLE_LEAST = 100
# Limits of the paper's coordinator.
RATE_TOLERANCE = 0.10
SPEARMAN_P_LEAST = 1e-10
# Twice the critical value of the 1 % level, for an exponential whose mean is estimated from the
# sample (Stephens 1974); the factor is Lancet's.
ANDERSON_LIMIT = 2 * 1.957
GAP_TOLERANCE = 0.10


def checks(plan: Plan, window: Window) -> list[dict[str, Any]]:
    """Return name, statistic, limit and outcome of each check; none for a closed loop.

    The checks of gaps and independence take a seeded sample of the first process's requests, and
    are left out where no rows were kept.
    """
    if plan.load.rate is None:
        return []
    due = sum(int(part.facts["due"]) for part in window.parts)
    error = abs(window.sends / due - 1) if due else 0.0
    found = [_at_most("achieved rate, relative error", error, RATE_TOLERANCE)]
    rows = window.rows[:, window.rows[3] < window.parts[0].facts["connections"]]
    # In churn the requests of a connection follow one another: their gaps are the server's.
    if rows.shape[1] < SAMPLE_LEAST or plan.load.requests_per_connection is not None:
        return found
    rows = rows[:, np.argsort(rows[1], kind="stable")]
    pick = np.random.default_rng(plan.seed)
    pairs = pick.choice(rows.shape[1] - 1, min(SAMPLE, rows.shape[1] - 1), replace=False)
    gaps = np.diff(rows[1])[pairs]
    response = rows[2] - rows[0]
    found.append(_gaps(plan, gaps))
    if np.ptp(response[pairs]) and np.ptp(response[pairs + 1]):  # of a constant there is no order
        found.append(_independence(response[pairs], response[pairs + 1]))
    return found


def _at_most(name: str, statistic: float, limit: float) -> dict[str, Any]:
    return {
        "name": name,
        "statistic": float(statistic),
        "limit": limit,
        "passed": bool(statistic <= limit),
    }


def _gaps(plan: Plan, gaps: Column) -> dict[str, Any]:
    """Test the gaps between sends against the arrivals that were asked for."""
    if plan.load.arrivals == "constant":
        mean_ns = 1e9 * plan.processes / (plan.load.rate or 1)
        error = float(np.median(np.abs(gaps - mean_ns))) / mean_ns
        return _at_most("send gaps, median relative error", error, GAP_TOLERANCE)
    from scipy import stats  # a second to import: only an open loop pays

    # SciPy's published types know this argument by another value than SciPy itself.
    anderson: Any = stats.anderson
    statistic = anderson(gaps / gaps.mean(), "expon", method="interpolate").statistic
    return _at_most("send gaps, Anderson-Darling, exponential", statistic, ANDERSON_LIMIT)


def _independence(response: Column, following: Column) -> dict[str, Any]:
    """Test whether response times depend on the one before, by Spearman's rank correlation."""
    from scipy import stats

    correlation, probability = stats.spearmanr(response, following)
    return {
        "name": "response times, lag-1 Spearman, p",
        "statistic": float(probability),
        "limit": SPEARMAN_P_LEAST,
        "passed": bool(probability > SPEARMAN_P_LEAST),
        "correlation": float(correlation),
    }
