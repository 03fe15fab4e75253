"""Checks of who limits: the generator, or the server under a load that is offered."""

from typing import Any

from bench.base import limits, wording
from bench.model.trial import Trial
from bench.verdicts.verdict import Finding, Setup
from loadgen.result import Result, Wait

# Said of a closed loop, where no witness shows more.
INDICATION = " (an indication: no independent client has shown who limits)"


def generator_bound(trial: Trial, setup: Setup) -> Finding | None:
    """Return a finding if the generator was at its limit while the server was not at its own.

    Of a closed loop that is an indication: what a witness shows goes before it.
    """
    usage, result = trial.server_usage, trial.result
    if result is None or usage is None or not usage.span_s or setup.shared:
        return None
    used = usage.cpu_s / usage.span_s
    # One Python process runs one thread at a time; one that used more is not held by the GIL.
    workers = usage.processes if used <= 1.05 * usage.processes else usage.threads
    usable = max(1, min(setup.server_cpus, workers))
    if used >= limits.SPARE_BELOW * usable:
        return None
    facts = {"server_cpus_used": used, "server_cpus_usable": usable}
    reason = _generator_limit(trial, result, facts)
    if reason is None:
        return None
    spare = f"while the server used {used:.2f} of {wording.count(usable, 'CPU', 'CPUs')}"
    return Finding(f"{reason}, {spare}", facts)


def _generator_limit(trial: Trial, result: Result, facts: dict[str, Any]) -> str | None:
    """Return what the generator ran out of; adds the numbers to the facts."""
    asked = trial.cell.workload.load
    rate = asked.rate
    # What is due waits for a place, or with work for a connection, while all are taken: that is no
    # lateness of the generator.
    waits = asked.requests_per_connection is not None or trial.cell.workload.work is not None
    if rate is None or waits:
        idle = facts["generator_idle_fraction"] = result.generator_idle_fraction
        full = facts["generator_full_polls"] = result.generator_full_polls
        if result.wait is Wait.SPIN:
            if full is None or full <= limits.FULL_POLLS:
                return None
            found = f"{full:.0%} of the generator's looks found as many replies as they may take"
            return found + INDICATION
        if idle is None or idle >= limits.IDLE:
            return None
        return f"the generator was idle for {idle:.0%} of the window only" + INDICATION
    achieved = facts["achieved_rps"] = result.achieved_rps
    # What fell due is known exactly; a run of an earlier version knows the rate alone.
    offered = facts["offered_rps"] = _due_rps(result, rate)
    if achieved < (1 - limits.RATE_TOLERANCE) * offered:
        return f"the generator sent {achieved:,.0f} of {offered:,.0f} requests/s"
    lag = facts["send_lag_p99_us"] = result.send_lag_us.p99
    response = facts["response_p99_us"] = result.response_us.p99
    if lag is None or response is None or lag <= limits.LAG_SHARE * response:
        return None
    return f"the generator was {lag:,.0f} µs late at p99, of {response:,.0f} µs response time"


def overloaded(trial: Trial, _: Setup) -> Finding | None:
    """Return a finding if requests piled up: the server answered less than fell due.

    What fell due is known exactly, and what fell due and was not answered has piled up. It must be
    more than a share of the load, and more than chance leaves over a short window: a server that
    can answer just what is offered, with services that vary like arrivals do, leaves the absolute
    value of a normal variable of variance (requests offered), and what fell due beyond the rate
    asked for besides (Kingman's heavy traffic, 1962). So a server at its limit is flagged in 5 %
    of the trials, one below it hardly ever (tests/simulation).
    """
    rate, result = trial.cell.workload.load.rate, trial.result
    if result is None or rate is None:
        return None
    asked = rate * result.window_s
    due = asked if result.due is None else result.due
    piled = due - result.throughput_rps * result.window_s
    # An earlier version does not say what fell due: that varies as well.
    variance = asked * (2 if result.due is None else 1)
    by_chance = max(0.0, due - asked) + limits.OVERLOAD_DEVIATIONS * variance**0.5
    if piled <= max(limits.OVERLOAD * due, by_chance):
        return None
    answered, offered = result.throughput_rps, due / result.window_s
    facts = {"throughput_rps": answered, "offered_rps": offered, "piled_up": piled}
    return Finding(
        f"{answered:,.0f} of {offered:,.0f} requests/s were answered, and {piled:,.0f} requests "
        "piled up",
        facts,
    )


def _due_rps(result: Result, rate: float) -> float:
    """Return what fell due per second; the asked rate where a trial does not say."""
    return rate if result.due is None else result.due / result.window_s
