"""Checks of the surroundings of a trial: a drift, others at work, trials that differ."""

from collections.abc import Sequence

from bench import noise, stats, steadiness, words
from bench.facts import Finding, Terms
from bench.records import Trial
from loadgen.plan import Load

# The standard deviation of the logarithms. Five trials that differ so much leave an interval of
# 12 % to each side (t of 2.78), too wide to tell most models apart.
SPREAD_LIMIT = 0.10


def unsteady(trial: Trial, terms: Terms) -> Finding | None:
    """Return a finding if the trial drifts across its window."""
    found = steadiness.of_trial(trial)
    if found is None or not found.drifts:
        return None
    facts = {"series": found.series, "change": found.change, "chance": found.chance}
    what = "replies" if found.series == "replies" else "the median response time"
    way = "rose" if found.change > 0 else "fell"
    reason = (
        f"{what} {way} by {abs(found.change):.0%} across the window: the server was {found.name}"
    )
    return Finding(reason, facts | {"class": found.name})


def disturbed(trial: Trial, terms: Terms) -> Finding | None:
    """Return a finding if others, the hypervisor or a quota took CPU of the trial."""
    reason = noise.disturbance(trial)
    if not reason:
        return None
    forced = (trial.load or {}).get("generator", {}).get("forced_switches")
    facts = {"others": trial.others, "stolen": trial.stolen, "forced_switches": forced}
    facts |= {"throttled": trial.throttled, "late_s": noise.lateness_s(trial)}
    return Finding(reason, facts | {"frequency_change": noise.frequency_change(trial)})


def spread(trials: Sequence[Trial], terms: Terms) -> Finding | None:
    """Return a finding if the trials of a cell differ too much among themselves."""
    rates = [trial.load["throughput_rps"] for trial in trials if trial.load is not None]
    spread = stats.log_deviation(rates)
    if spread is None or spread <= SPREAD_LIMIT:
        return None
    reason = f"its trials differ by {spread:.0%} (standard deviation of throughput)"
    found = Finding(reason, {"spread": spread, "limit": SPREAD_LIMIT})
    return _dealt_unevenly(found, trials[0].cell.workload.load, terms) or found


def _dealt_unevenly(found: Finding, load: Load, terms: Terms) -> Finding | None:
    """Return the finding with its cause, if trials differ since the kernel deals out connections.

    In churn it deals throughout the window, which evens it out.
    """
    workers, least = terms.server_cpus, even_from(terms.server_cpus)
    kept = load.requests_per_connection is None
    if not terms.own_listeners or not kept or load.connections >= least:
        return None
    connections = words.count(load.connections, "connection", "connections")
    reason = (
        f"{found.reason}: its {workers} workers have listeners of their own, and the kernel's hash "
        f"deals {connections} out unevenly, in each trial anew"
    )
    facts = found.facts | {"connections": load.connections, "even_from": least}
    return Finding(reason, facts, f"Use more connections: {least:,} for {workers} workers.")


def even_from(workers: int) -> int:
    """Return the connections from which a hash deals them out evenly to so many workers.

    SO_REUSEPORT picks a listener by a hash of addresses and ports, so of n connections a worker of
    w gets a binomial number: n / w in the mean, with a standard deviation of sqrt(n (w - 1)) / w.
    Their ratio, sqrt((w - 1) / n), is the spread that the dealing alone brings about. It is within
    SPREAD_LIMIT from n = (w - 1) / SPREAD_LIMIT^2 on; one worker gets all of any number.
    """
    return round((workers - 1) / SPREAD_LIMIT**2)
