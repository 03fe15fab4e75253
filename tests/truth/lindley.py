"""What a single queue must show: Lindley's recursion, and the textbook's M/M/1.

D. V. Lindley, The theory of queues with a single server (1952): a request departs its service time
after its arrival, or after the departure before it, whichever is later.
"""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def read_log(path: Path) -> NDArray[np.int64]:
    """Return the log of `single_queue.py`: a row (arrived_ns, started_ns, service_ns) a request."""
    return np.fromfile(path, dtype=np.int64).reshape(-1, 3)


def response_times(arrivals: Sequence[float], services: Sequence[float]) -> list[float]:
    """Return the response time of each request, in the unit of the arguments.

    arrivals: when each request was meant to arrive, in order; services: how long each took
    """
    responses = []
    departed = -math.inf
    for arrived, service in zip(arrivals, services, strict=True):
        departed = max(arrived, departed) + service
        responses.append(departed - arrived)
    return responses


def mg1_mean(rate: float, services: NDArray[np.float64]) -> float:
    """Return the mean response time of M/G/1 (Pollaczek and Khinchine), in the services' unit.

    rate: of arrivals, per that unit
    """
    busy = rate * services.mean()
    return float(services.mean() + rate * np.square(services).mean() / (2 * (1 - busy)))


def mm1_mean(load: float, mean_service: float) -> float:
    """Return the mean response time of M/M/1 at a load (utilisation) between 0 and 1."""
    return mean_service / (1 - load)


def mm1_percentile(load: float, mean_service: float, fraction: float) -> float:
    """Return a percentile of M/M/1's response time, which is exponential about its mean."""
    return -math.log(1 - fraction) * mm1_mean(load, mean_service)
