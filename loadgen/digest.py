"""From the columns of all processes to the result of one load generation."""

from pathlib import Path
from typing import Any

import numpy as np

from loadgen import columns, stalls
from loadgen.classes import told_apart
from loadgen.columns import Window
from loadgen.histogram import Column
from loadgen.part import Looks, Part
from loadgen.plan import Plan
from loadgen.result import (
    Evidence,
    GeneratorUsage,
    Recording,
    Result,
    Shortages,
    Times,
    Wait,
    Watched,
)
from loadgen.samples import save

# A request sent this much after its time counts as late.
LATE_NS = 1_000_000
# HdrHistogram values are stored in this unit.
HDR_UNIT_NS = 1
EVIDENCE_MAX = 8
# A connection with less than this part of the mean share of replies was not served throughout.
SERVED_SHARE = 0.1


def digest(
    plan: Plan, parts: list[Part], samples: Path | None = None, looks: Looks | None = None
) -> Result:
    """Return the result of one load generation.

    samples: where to save the rows of the window, if rows were kept
    looks: when somebody looked at counters of their own, to know what was answered between
    """
    window = columns.read(parts)
    if samples is not None and window.raw:
        save(window, samples)
    facts = [part.facts for part in parts]
    response, service = window.distribution("response"), window.distribution("service")
    warmup, course = window.course()
    replies = window.replies_per_connection
    stalled = stalls.found(plan, window)
    return Result(
        window_s=window.length_s,
        samples=response.size,
        throughput_rps=window.replies / window.length_s,
        achieved_rps=window.sends / window.length_s,
        connections=len(replies),
        connections_without_reply=_without_reply(plan, window),
        not_connected=sum(fact["not_connected"] for fact in facts),
        censored=window.unanswered.shape[1] + window.left("all"),
        mismatches=sum(fact["mismatches"] for fact in facts),
        errors=sum(fact["errors"] for fact in facts),
        evidence=_evidence(facts),
        silent=all(fact["silent"] for fact in facts),
        stalled=stalled.connections,
        stalled_since_s=stalled.since_s,
        replies_per_connection=tuple(replies.tolist()),
        fairness_jain=jain(replies),
        effective_concurrency=_effective_concurrency(plan, window, facts),
        response_us=response.summary_us(),
        service_us=service.summary_us(),
        connect_us=window.connects.summary_us(),
        hdr_unit_ns=HDR_UNIT_NS,
        response_hdr=response.encode(),
        service_hdr=service.encode(),
        series=course,
        warmup_series=warmup,
        recorder=_recording(window),
        wait=Wait(plan.wait),
        generator_idle_fraction=_idle_fraction(plan, window, facts),
        generator_full_polls=_full_polls(facts),
        generator=_usage(facts),
        shortages=_shortages(facts),
        watched=None if looks is None else _watched(window, looks),
        next_source=max(fact["next_source"] for fact in facts),
        started_late_s=max(fact["started_late_ns"] for fact in facts) / 1e9,
        **told_apart(window),
        **_schedule(plan, window),
        **_datagrams(plan, window, facts),
    )


def _schedule(plan: Plan, window: Window) -> dict[str, Any]:
    """Return what was offered and how far the schedule was kept; of a closed loop its lag alone."""
    lag = window.distribution("lag")
    paced = plan.load.rate is not None or plan.load.think_us > 0
    fields: dict[str, Any] = {
        "unsent": window.unsent,
        "send_lag_us": lag.summary_us() if paced else Times(),
    }
    if plan.load.rate is None:
        return fields
    return fields | {
        "offered_rps": plan.load.rate,
        "due": sum(part.facts["due"] for part in window.parts),
        "sent_late": lag.beyond(LATE_NS),
    }


def _recording(window: Window) -> Recording:
    if window.raw:
        return Recording.RAW
    return Recording.BOTH if window.cohort.shape[1] else Recording.BUCKETS


def _evidence(facts: list[dict[str, Any]]) -> tuple[Evidence, ...]:
    pieces = (Evidence(**piece) for fact in facts for piece in fact["evidence"])
    return tuple(pieces)[:EVIDENCE_MAX]


def _without_reply(plan: Plan, window: Window) -> int:
    """Return how many connections were asked something and answered nothing."""
    replies = window.replies_per_connection
    asked = np.ones(len(replies), dtype=bool)
    if plan.load.rate is not None:  # a slow schedule may leave a connection without a request
        asked[:] = False
        asked[window.unanswered[2]] = True
    return int((asked & (replies == 0)).sum())


def jain(shares: Column) -> float:
    """Return Jain's index of fairness: 1 for equal shares, 1/n if one has all (Jain 1984)."""
    squares = float((shares.astype(np.float64) ** 2).sum())
    return float(shares.sum()) ** 2 / (len(shares) * squares) if squares else 0.0


def _effective_concurrency(plan: Plan, window: Window, facts: list[dict[str, Any]]) -> float:
    """Return what Little's law makes of throughput and mean cycle of answered requests (N = X R).

    A cycle lasts from when a request could be sent to when the next one could: in closed loop its
    response, what the generator then held the next one back, and the think time; in churn the life
    of a connection over its requests.
    """
    if not window.replies:
        return 0.0
    cycle_ns = window.answered_mean_ns() + plan.load.think_us * 1000
    lives = sum(fact["lives"] for fact in facts)
    if plan.load.rate is None and plan.load.requests_per_connection is not None and lives:
        life_ns = sum(fact["life_ns"] for fact in facts) / lives
        cycle_ns = life_ns / plan.load.requests_per_connection
    elif plan.load.rate is None and not plan.load.think_us:
        cycle_ns = max(cycle_ns, _kept_cycle_ns(window) * plan.load.depth)
    return window.replies / window.length_s * cycle_ns / 1e9


def _kept_cycle_ns(window: Window) -> float:
    """Return the mean cycle where each of the connections served always had a request to send.

    A connection that was answered n times in the window went through n cycles; those that were
    answered too seldom to tell are left out, as they are of what is served at a time.
    """
    replies = window.replies_per_connection
    # One that was served throughout has its share; one that was served once was mostly waiting.
    served = int((replies > SERVED_SHARE * replies.mean()).sum())
    return served * window.length_s * 1e9 / window.replies


def _datagrams(plan: Plan, window: Window, facts: list[dict[str, Any]]) -> dict[str, Any]:
    names = ("duplicated", "reordered", "late")
    if plan.target.transport != "udp":
        return {}
    counts = {name: sum(fact[name] for fact in facts) for name in names}
    lost = int((window.unanswered[1] > 0).sum()) + window.left("all") - window.left("unsent")
    return {"sent": window.sends, "received": window.replies, "lost": lost} | counts


def _idle_fraction(plan: Plan, window: Window, facts: list[dict[str, Any]]) -> float | None:
    """Return the part of the window in which the generator had nothing to do.

    Spinning, that is the time in which one look for replies after the other found nothing; asleep,
    what it slept (the time in the run queue is not idleness but want of a CPU). None asleep where a
    schedule is kept: near a send it spins, and send lag says what idleness says here.
    """
    if plan.wait == "spin":
        spun_ns = sum(fact["idle_ns"] for fact in facts)
        return min(1.0, float(spun_ns / (len(facts) * (window.close_ns - window.open_ns))))
    if plan.load.rate is not None or plan.load.think_us:
        return None
    used = sum(_difference(fact, "cpu_ns") + _difference(fact, "queued_ns") for fact in facts)
    span = sum(_difference(fact, "at_ns") for fact in facts)
    return max(0.0, 1 - used / span)


def _full_polls(facts: list[dict[str, Any]]) -> float | None:
    """Return the part of the looks for replies that found as many as they may; None without any."""
    polls: int = sum(int(fact["polls"]) for fact in facts)
    full: int = sum(int(fact["full_polls"]) for fact in facts)
    return float(full / polls) if polls else None


def _shortages(facts: list[dict[str, Any]]) -> Shortages:
    counts: dict[str, int] = {}
    for fact in facts:
        for name, count in fact["shortages"].items():
            counts[name] = counts.get(name, 0) + count
    return Shortages(counts, next((fact["shortage"] for fact in facts if fact["shortage"]), ""))


def _watched(window: Window, looks: Looks) -> Watched:
    return Watched(
        span_s=(looks.close_ns - looks.open_ns) / 1e9,
        replies=window.replies_between(looks.open_ns, looks.close_ns),
        open_late_s=(looks.open_ns - window.open_ns) / 1e9,
        close_late_s=(looks.close_ns - window.close_ns) / 1e9,
        house_cpu_s=looks.own_cpu_s,
    )


def _usage(facts: list[dict[str, Any]]) -> GeneratorUsage:
    return GeneratorUsage(
        processes=len(facts),
        cpu_s=sum(_difference(fact, "cpu_ns") for fact in facts) / 1e9,
        run_queue_s=sum(_difference(fact, "queued_ns") for fact in facts) / 1e9,
        voluntary_switches=sum(_difference(fact, "voluntary_switches") for fact in facts),
        forced_switches=sum(_difference(fact, "forced_switches") for fact in facts),
        peak_memory_mib=max(fact["after"]["peak_memory_kib"] for fact in facts) / 1024,
    )


def _difference(fact: dict[str, Any], name: str) -> int:
    return int(fact["after"][name] - fact["before"][name])
