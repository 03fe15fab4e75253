"""The recursion that a single queue is held to is that of the textbook, where that knows one."""

import numpy as np
import pytest

from tests.truth import lindley

ARRIVALS = 200_000
MEAN_US = 1000.0


@pytest.mark.parametrize("load", [0.3, 0.5, 0.8])
def test_of_exponential_gaps_and_services_it_is_mm1(load: float) -> None:
    source = np.random.default_rng(int(load * 10))
    arrivals = np.cumsum(source.exponential(MEAN_US / load, ARRIVALS)).tolist()
    services = source.exponential(MEAN_US, ARRIVALS).tolist()
    seen = np.array(lindley.response_times(arrivals, services))
    # Neighbouring requests wait together: at a load of 0.8 the mean of these varies by some 2 %.
    assert seen.mean() == pytest.approx(lindley.mm1_mean(load, MEAN_US), rel=0.08)
    measured = lindley.mg1_mean(load / MEAN_US, np.array(services))
    assert seen.mean() == pytest.approx(measured, rel=0.08)
    p99 = lindley.mm1_percentile(load, MEAN_US, 0.99)
    assert np.quantile(seen, 0.99) == pytest.approx(p99, rel=0.10)
