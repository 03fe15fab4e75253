"""Connections that were answered, fell silent, and stayed so."""

from dataclasses import dataclass

import numpy as np

from loadgen.columns import Window
from loadgen.plan import Plan

# A silence this many times the p99 of what was answered is none that comes by itself.
TIMES_P99 = 10.0


@dataclass(frozen=True)
class Stalls:
    """How many connections stalled, and since when: seconds from the opening of the window."""

    connections: int = 0
    since_s: float | None = None


NONE = Stalls()


def found(plan: Plan, window: Window) -> Stalls:
    """Return the connections that are silent for longer than the drain and ten times p99.

    A connection is silent from its last reply, or from the first request that got none, whichever
    is later: one that answers late, in order, is not. Datagrams that were lost are no silence, and
    where connections are renewed one that waits may never have been made.
    """
    _, sent, slots = window.unanswered[:3]
    asked = sent > 0
    churns = plan.load.requests_per_connection is not None
    if plan.target.transport == "udp" or churns or not asked.any():
        return NONE
    connections = len(window.replies_per_connection)
    first_ns = np.full(connections, np.iinfo(np.int64).max)
    np.minimum.at(first_ns, slots[asked], sent[asked])
    last_ns = np.zeros(connections, dtype=np.int64)
    for part in window.parts:
        np.maximum.at(last_ns, part.column["slot"] + part.first_slot, part.column["received"])
    answered = (window.replies_per_connection > 0) | (last_ns > 0)
    waits = first_ns < np.iinfo(np.int64).max
    silent_ns = window.ended_ns - np.maximum(first_ns, last_ns)
    stalled = waits & answered & (silent_ns >= _limit_ns(plan, window))
    if not stalled.any():
        return NONE
    since_ns = int(first_ns[stalled].min()) - window.open_ns
    return Stalls(int(stalled.sum()), since_ns / 1e9)


def _limit_ns(plan: Plan, window: Window) -> float:
    """Return from when on a silence counts: the drain, or ten times p99 where that is longer."""
    answered = window.answered
    p99_ns = answered.quantile_ns(0.99) if answered.size else 0.0
    return max(plan.drain_s * 1e9, TIMES_P99 * p99_ns)
