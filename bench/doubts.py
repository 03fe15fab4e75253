"""Checks of the surroundings of a trial: a drift, others at work, trials that differ."""

from collections.abc import Sequence

from bench import noise, stats, steadiness
from bench.facts import Finding, Terms
from bench.records import Trial

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
    """Return a finding if others, or the hypervisor, took CPU of the trial."""
    reason = noise.disturbance(trial)
    if not reason:
        return None
    forced = (trial.load or {}).get("generator", {}).get("forced_switches")
    facts = {"others": trial.others, "stolen": trial.stolen, "forced_switches": forced}
    return Finding(reason, facts | {"frequency_change": noise.frequency_change(trial)})


def spread(trials: Sequence[Trial]) -> Finding | None:
    """Return a finding if the trials of a cell differ too much among themselves."""
    rates = [trial.load["throughput_rps"] for trial in trials if trial.load is not None]
    spread = stats.log_deviation(rates)
    if spread is None or spread <= SPREAD_LIMIT:
        return None
    reason = f"its trials differ by {spread:.0%} (standard deviation of throughput)"
    return Finding(reason, {"spread": spread, "limit": SPREAD_LIMIT})
