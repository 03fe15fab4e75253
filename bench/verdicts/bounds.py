"""Checks of who limits: the generator, or the server under a load that is offered."""

from typing import Any

from bench.base import limits, wording
from bench.model.trial import Trial
from bench.verdicts.verdict import Finding, Setup
from loadgen.result import Result, Wait


def generator_bound(trial: Trial, setup: Setup) -> Finding | None:
    """Return a finding if the generator was at its limit while the server was not at its own."""
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
    # A connection that is due waits for a place while all are taken: no lateness of the generator.
    if rate is None or asked.requests_per_connection is not None:
        idle = facts["generator_idle_fraction"] = result.generator_idle_fraction
        full = facts["generator_full_polls"] = result.generator_full_polls
        if result.wait is Wait.SPIN:
            if full is None or full <= limits.FULL_POLLS:
                return None
            return f"{full:.0%} of the generator's looks found as many replies as they may take"
        if idle is None or idle >= limits.IDLE:
            return None
        return f"the generator was idle for {idle:.0%} of the window only"
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
    """Return a finding if the server answered less than was offered."""
    rate = trial.cell.workload.load.rate
    if trial.result is None or rate is None:
        return None
    answered, window_s = trial.result.throughput_rps, trial.result.window_s
    offered, tolerance = _due_rps(trial.result, rate), limits.OVERLOAD
    if trial.result.due is None:
        tolerance = max(tolerance, limits.OVERLOAD_DEVIATIONS / (rate * window_s) ** 0.5)
    if answered >= (1 - tolerance) * offered:
        return None
    facts = {"throughput_rps": answered, "offered_rps": offered}
    return Finding(f"{answered:,.0f} of {offered:,.0f} requests/s were answered", facts)


def _due_rps(result: Result, rate: float) -> float:
    """Return what fell due per second; the asked rate where a trial does not say."""
    return rate if result.due is None else result.due / result.window_s
