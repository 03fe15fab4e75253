"""What a load generation has found, from the columns of all its processes: one JSON document.

Times in microseconds, rates per second. Percentiles are of nearest rank over all samples together,
never averaged over processes, and refused (null) with fewer than ten samples beyond them.
"""

from pathlib import Path
from typing import Any

import numpy as np

from loadgen import columns, selfcheck
from loadgen.columns import Window
from loadgen.histogram import Column, Distribution
from loadgen.part import Part
from loadgen.plan import Plan

# A request sent this much after its time counts as late.
LATE_NS = 1_000_000
# HdrHistogram values are stored in this unit.
HDR_UNIT_NS = 1
EVIDENCE_MAX = 8


def digest(plan: Plan, parts: list[Part], samples: Path | None = None) -> dict[str, Any]:
    """Return the findings of one load generation (its fields: docs/methodology.md).

    samples: where to save the rows of the window, if rows were kept.
    """
    window = columns.read(parts)
    if samples is not None and window.raw:
        columns.save(window, samples)
    facts = [part.facts for part in parts]
    return (
        _rates(plan, window)
        | _correctness(plan, window, facts)
        | _concurrency(plan, window)
        | _times(plan, window)
        | _datagrams(plan, window, facts)
        | {
            "series": window.series(),
            "warmup_series": window.warmup_series(),
            "recorder": "raw" if window.raw else "buckets",
            "generator_idle_fraction": _idle_fraction(plan, facts),
            "generator": _usage(facts),
            "checks": selfcheck.checks(plan, window),
        }
    )


def _rates(plan: Plan, window: Window) -> dict[str, Any]:
    return {
        "mode": "closed" if plan.load.rate is None else "open",
        "window_s": window.length_s,
        "samples": window.response.size,
        "throughput_rps": window.replies / window.length_s,
        "offered_rps": plan.load.rate,
        "achieved_rps": window.sends / window.length_s,
        "unsent": window.unsent,
        "sent_late": 0 if plan.load.rate is None else window.lag.beyond(LATE_NS),
    }


def _correctness(plan: Plan, window: Window, facts: list[dict[str, Any]]) -> dict[str, Any]:
    evidence = [piece for fact in facts for piece in fact["evidence"]]
    asked = np.ones(len(window.replies_per_connection), dtype=bool)
    if plan.load.rate is not None:  # a slow schedule may leave a connection without a request
        asked[:] = False
        asked[window.unanswered[2]] = True
    return {
        "connections": len(window.replies_per_connection),
        "connections_without_reply": int((asked & (window.replies_per_connection == 0)).sum()),
        "not_connected": sum(fact["not_connected"] for fact in facts),
        "censored": window.unanswered.shape[1],
        "mismatches": sum(fact["mismatches"] for fact in facts),
        "errors": sum(fact["errors"] for fact in facts),
        "evidence": evidence[:EVIDENCE_MAX],
        "silent": all(fact["silent"] for fact in facts),
        "replies_per_connection": window.replies_per_connection.tolist(),
        "fairness_jain": jain(window.replies_per_connection),
    }


def jain(shares: Column) -> float:
    """Return Jain's index of fairness: 1 for equal shares, 1/n if one has all (Jain 1984)."""
    squares = float((shares.astype(np.float64) ** 2).sum())
    return float(shares.sum()) ** 2 / (len(shares) * squares) if squares else 0.0


def _concurrency(plan: Plan, window: Window) -> dict[str, Any]:
    """Return the mean cycle of answered requests, and what Little's law makes of it (N = X R)."""
    if not window.replies:
        return {"mean_cycle_us": None, "effective_concurrency": 0.0}
    cycle_ns = window.answered_mean_ns() + plan.load.think_us * 1000
    if plan.load.requests_per_connection is not None and (lives := window.lives_ns()).size:
        cycle_ns = float(lives.mean()) / plan.load.requests_per_connection
    return {
        "mean_cycle_us": cycle_ns / 1e3,
        "effective_concurrency": window.replies / window.length_s * cycle_ns / 1e9,
    }


def _times(plan: Plan, window: Window) -> dict[str, Any]:
    connects = window.connects_ns(churn=plan.load.requests_per_connection is not None)
    nothing = Distribution.of(np.empty(0, dtype=np.int64))
    paced = plan.load.rate is not None or plan.load.think_us > 0
    return {
        "response_us": window.response.summary_us(),
        "service_us": window.service.summary_us(),
        "send_lag_us": (window.lag if paced else nothing).summary_us(),
        "connect_us": Distribution.of(connects).summary_us(),
        "hdr_unit_ns": HDR_UNIT_NS,
        "response_hdr": window.response.encode(),
        "service_hdr": window.service.encode(),
    }


def _datagrams(plan: Plan, window: Window, facts: list[dict[str, Any]]) -> dict[str, Any]:
    names = ("duplicated", "reordered", "late")
    if plan.target.transport != "udp":
        return dict.fromkeys(("sent", "received", "lost", *names))
    counts = {name: sum(fact[name] for fact in facts) for name in names}
    lost = int((window.unanswered[1] > 0).sum())
    return {"sent": window.sends, "received": window.replies, "lost": lost} | counts


def _idle_fraction(plan: Plan, facts: list[dict[str, Any]]) -> float | None:
    """Return the part of the window that the generator slept for want of replies.

    The time in the run queue is not idleness but want of a CPU. None where a schedule is kept by
    spinning: there, send lag says what idleness says here.
    """
    if plan.load.rate is not None or plan.load.think_us:
        return None
    used = sum(_difference(fact, "cpu_ns") + _difference(fact, "queued_ns") for fact in facts)
    span = sum(_difference(fact, "at_ns") for fact in facts)
    return max(0.0, 1 - used / span)


def _usage(facts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the generator used in the window; memory is of its largest process."""
    return {
        "processes": len(facts),
        "cpu_s": sum(_difference(fact, "cpu_ns") for fact in facts) / 1e9,
        "run_queue_s": sum(_difference(fact, "queued_ns") for fact in facts) / 1e9,
        "voluntary_switches": sum(_difference(fact, "voluntary_switches") for fact in facts),
        "forced_switches": sum(_difference(fact, "forced_switches") for fact in facts),
        "peak_memory_mib": max(fact["after"]["peak_memory_kib"] for fact in facts) / 1024,
    }


def _difference(fact: dict[str, Any], name: str) -> int:
    return int(fact["after"][name] - fact["before"][name])
