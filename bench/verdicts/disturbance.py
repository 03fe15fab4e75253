"""Checks of the surroundings of a trial: others at work, a drift, trials that differ."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from bench.analysis import intervals, metrics, modes, steadiness
from bench.analysis.metrics import Metric
from bench.base import limits, wording
from bench.model.trial import Status, Trial
from bench.verdicts.verdict import Finding, Setup
from loadgen.plan import Load
from loadgen.result import Wait

SIDES = {"server": "the server's side", "generator": "the generator's side", "both": "both sides"}


def disturbance(trial: Trial) -> str:
    """Return what disturbed a trial, in words; empty if nothing did."""
    if trial.status is Status.INSTRUMENT:
        return f"the instrument failed: {trial.reason}"
    parts = (_taken, _run_queue, _stopped, _clock, _quota, _lateness)
    return "; ".join(words for part in parts for words in part(trial))


def _taken(trial: Trial) -> Iterator[str]:
    for who, limit, shares in (
        ("others used", limits.OTHERS, trial.others or {}),
        ("the hypervisor took", limits.STOLEN, trial.stolen or {}),
    ):
        for side, share in shares.items():
            if share is not None and share > limit:
                yield f"{who} {share:.0%} of the CPU time of {SIDES[side]} (limit {limit:.0%})"


def _run_queue(trial: Trial) -> Iterator[str]:
    share = run_queue_share(trial)
    # Where both sides share a CPU, each waits for the other by design.
    alone = "both" not in (trial.others or trial.stolen or {})
    if share is not None and share > limits.RUN_QUEUE and alone:
        yield (
            f"the generator waited for its own CPU for {share:.0%} of the window "
            f"(limit {limits.RUN_QUEUE:.0%})"
        )


def _stopped(trial: Trial) -> Iterator[str]:
    share = stopped_share(trial)
    alone = "both" not in (trial.others or trial.stolen or {})
    if share is not None and share > limits.STOPPED and alone:
        yield (
            f"the generator was stopped for {share:.0%} of the window (limit {limits.STOPPED:.0%})"
        )


def _clock(trial: Trial) -> Iterator[str]:
    change = frequency_change(trial)
    if change is not None and abs(change) > limits.FREQUENCY_CHANGE:
        yield f"the clock of a CPU changed by {change:+.0%} (limit {limits.FREQUENCY_CHANGE:.0%})"


def _quota(trial: Trial) -> Iterator[str]:
    share = throttled_share(trial)
    if trial.throttled is not None and share is not None and share > limits.THROTTLED:
        quota = trial.throttled
        yield (
            f"the CPU quota was used up in {quota.throttled:.0f} of {quota.periods:.0f} periods, "
            f"and processes stopped for {quota.seconds:.2g} s (limit {limits.THROTTLED:.0%} of the "
            "window)"
        )


def _lateness(trial: Trial) -> Iterator[str]:
    late_s = lateness_s(trial)
    if late_s is not None and trial.result and late_s > limits.LATE * trial.result.window_s:
        yield (
            f"the harness itself was stopped or late by {late_s * 1000:,.0f} ms "
            f"(limit {limits.LATE:.0%} of the window)"
        )


def frequency_change(trial: Trial) -> float | None:
    """Return the largest change of a CPU's frequency across the window, as a fraction of the first.

    None where the machine does not tell frequencies.
    """
    mhz = trial.frequencies_mhz or {"open": [], "close": []}
    pairs = zip(mhz["open"], mhz["close"], strict=True)
    changes = [after / before - 1 for before, after in pairs if before]
    return max(changes, key=abs, default=None)


def run_queue_share(trial: Trial) -> float | None:
    """Return the part of the window in which the generator was runnable and did not run."""
    result = trial.result
    usage = None if result is None else result.generator
    if result is None or usage is None or usage.run_queue_s is None:
        return None
    return usage.run_queue_s / (usage.processes * result.window_s)


def stopped_share(trial: Trial) -> float | None:
    """Return the part of the window in which a generator that spins neither ran nor waited to run.

    None for one that sleeps, or where that was not written down.
    """
    result = trial.result
    usage = None if result is None else result.generator
    if result is None or usage is None or result.wait is not Wait.SPIN or usage.cpu_s is None:
        return None
    return 1 - (usage.cpu_s + (usage.run_queue_s or 0.0)) / (usage.processes * result.window_s)


def throttled_share(trial: Trial) -> float | None:
    """Return the time that a CPU quota stopped the trial for, over the window; None unknown.

    Summed over CPUs, since each side waits for the other: it may be more than 1.
    """
    if trial.throttled is None or trial.result is None:
        return None
    return trial.throttled.seconds / trial.result.window_s


def lateness_s(trial: Trial) -> float | None:
    """Return by how much the later of the looks at the edges of the window was late, in seconds.

    None where that was not written down.
    """
    watched = trial.result.watched if trial.result is not None else None
    if watched is None:
        return None
    late = (watched.open_late_s, watched.close_late_s)
    return max((abs(each) for each in late if each is not None), default=None)


def unsteady(trial: Trial, _: Setup) -> Finding | None:
    """Return a finding if the trial drifts across its window."""
    course = steadiness.of_trial(trial)
    if course is None or not course.drifts:
        return None
    facts = {"series": course.series, "change": course.change, "chance": course.chance}
    what = "replies" if course.series == "replies" else "the median response time"
    way = "rose" if course.change > 0 else "fell"
    reason = (
        f"{what} {way} by {abs(course.change):.0%} across the window: the server was {course.name}"
    )
    return Finding(reason, facts | {"class": course.name})


def disturbed(trial: Trial, _: Setup) -> Finding | None:
    """Return a finding if others, the hypervisor or a quota took CPU of the trial."""
    reason = disturbance(trial)
    if not reason:
        return None
    usage = trial.result.generator if trial.result is not None else None
    forced = None if usage is None else usage.forced_switches
    facts: dict[str, Any] = {
        "others": trial.others,
        "stolen": trial.stolen,
        "forced_switches": forced,
    }
    facts |= {"throttled": trial.throttled and asdict(trial.throttled), "late_s": lateness_s(trial)}
    return Finding(reason, facts | {"frequency_change": frequency_change(trial)})


def spread(trials: Sequence[Trial], setup: Setup) -> Finding | None:
    """Return a finding if the trials of a cell differ too much among themselves, in what ranks it.

    In open loop that is p99: throughput is what is offered there, and says nothing.
    """
    figure, values = _telling(trials)
    limit, what = limits.SPREAD_LATENCY if figure.latency else limits.SPREAD, figure.title
    spread = intervals.log_deviation(values)
    if spread is None or spread <= limit:
        return None
    reason = f"its trials differ by {spread:.0%} (standard deviation of {what})"
    finding = Finding(reason, {"spread": spread, "limit": limit})
    return _dealt_unevenly(finding, trials[0].cell.workload.load, setup) or finding


def _telling(trials: Sequence[Trial]) -> tuple[Metric, list[float]]:
    """Return the figure in which trials may differ, and its values: what ranks, if it is a time."""
    figure = metrics.leading(trials[0].cell.workload) if trials else metrics.THROUGHPUT
    # Of a connection's CPU time: throughput follows it, and every trial has that.
    figure = figure if figure.latency else metrics.THROUGHPUT
    found = (metrics.of(trial).get(figure.column) for trial in trials)
    return figure, [value for value in found if value is not None]


def two_modes(trials: Sequence[Trial], _: Setup) -> Finding | None:
    """Return a finding if the trials of a cell fall into two groups, in what ranks it."""
    figure, values = _telling(trials)
    groups = modes.found(values)
    if groups is None:
        return None
    low, high = (wording.number(value) for value in (groups.low, groups.high))
    unit = f"µs of {figure.title}" if figure.latency else "requests/s"
    reason = (
        f"its trials fall into two groups, {groups.slower} near {low} and {groups.faster} near "
        f"{high} {unit}: their mean is of neither"
    )
    return Finding(reason, asdict(groups))


def _dealt_unevenly(finding: Finding, load: Load, setup: Setup) -> Finding | None:
    """Return the finding with its cause, if trials differ since the kernel deals out connections.

    In churn it deals throughout the window, which evens it out.
    """
    workers, least = setup.server_cpus, even_from(setup.server_cpus)
    kept = load.requests_per_connection is None
    if not setup.own_listeners or not kept or load.connections >= least:
        return None
    connections = wording.count(load.connections, "connection", "connections")
    reason = (
        f"{finding.reason}: its {workers} workers have listeners of their own, and the kernel's "
        f"hash deals {connections} out unevenly, in each trial anew"
    )
    facts = finding.facts | {"connections": load.connections, "even_from": least}
    return Finding(reason, facts, f"Use more connections: {least:,} for {workers} workers.")


def even_from(workers: int) -> int:
    """Return the connections from which a hash deals them out evenly to so many workers.

    SO_REUSEPORT picks a listener by a hash of addresses and ports, so of n connections a worker of
    w gets a binomial number: n / w in the mean, with a standard deviation of sqrt(n (w - 1)) / w.
    Their ratio, sqrt((w - 1) / n), is the spread that the dealing alone brings about. It is within
    limits.SPREAD from n = (w - 1) / limits.SPREAD^2 on; one worker gets all of any number.
    """
    return round((workers - 1) / limits.SPREAD**2)
