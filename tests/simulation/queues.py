"""A single queue in made time: what falls due, and what of it is answered in a window."""

import numpy as np

from bench.model.trial import Trial, Workload
from loadgen.plan import Load
from tests.support import synthetic

# The queue is in its course when the window opens.
WARMUP = 2.0


def trial(
    source: np.random.Generator, rate: float, window_s: float, load: float, services: str
) -> Trial:
    """Return a trial of a server at a load, its requests/s over what it can answer.

    services: `exponential`, or `constant`; Lindley (1952) tells when each request is answered
    """
    span_s = window_s * (1 + WARMUP)
    many = int(rate * span_s + 6 * np.sqrt(rate * span_s) + 20)
    due_s = np.cumsum(source.exponential(1 / rate, many))
    mean_s = load / rate
    exponential = services == "exponential"
    took_s = source.exponential(mean_s, many) if exponential else np.full(many, mean_s)
    # The end of a request is the latest, over those before it, of its start and all work since.
    worked_s = np.cumsum(took_s)
    ended_s = worked_s + np.maximum.accumulate(due_s - (worked_s - took_s))
    open_s, close_s = window_s * WARMUP, span_s
    due = int(((due_s >= open_s) & (due_s < close_s)).sum())
    answered = int(((ended_s >= open_s) & (ended_s < close_s)).sum())
    seen = synthetic.result(
        window_s=window_s,
        throughput_rps=answered / window_s,
        achieved_rps=due / window_s,
        offered_rps=rate,
        due=due,
    )
    return synthetic.trial(seen, Workload("queue", "tcp", Load(connections=50, rate=rate)))


def late(
    source: np.random.Generator,
    rate: float,
    services_rps: float,
    window_s: float,
    warmup_s: float,
    limit_s: float,
) -> tuple[int, int]:
    """Return how many requests fell due in a window, and how many of them took longer than a time.

    The services are exponential; the queue is empty as the warm-up begins.
    """
    span_s = warmup_s + window_s + 1
    many = int(rate * span_s + 6 * np.sqrt(rate * span_s) + 20)
    due_s = np.cumsum(source.exponential(1 / rate, many))
    took_s = source.exponential(1 / services_rps, many)
    worked_s = np.cumsum(took_s)
    ended_s = worked_s + np.maximum.accumulate(due_s - (worked_s - took_s))
    within = (due_s >= warmup_s) & (due_s < warmup_s + window_s)
    return int(within.sum()), int(((ended_s - due_s)[within] > limit_s).sum())
