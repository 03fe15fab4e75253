"""Which side limits, shown by a second client: the generator beside an independent one in C.

Where there is none, by the generator itself, slowed down by a known time.
"""

from collections.abc import Sequence

from bench.analysis import intervals
from bench.base import limits, wording
from bench.base.estimate import Estimate
from bench.model.trial import Trial
from bench.verdicts.disturbance import disturbance
from bench.verdicts.verdict import Finding, Setup, Shown

REMEDY = "The server can do more: compare CPU per request."


def ratio(trials: Sequence[Trial]) -> Estimate | None:
    """Return what the generator got over what the witness got, over the blocks that have both."""
    ours, theirs = rates(trials)
    return intervals.ratio(ours, theirs)


def rates(trials: Sequence[Trial]) -> tuple[dict[int, float], dict[int, float]]:
    """Return what the generator and what the witness got, replies/s by block; both got something.

    A witness that was answered with other bytes measured another server than an echo server.
    """
    ours, theirs = {}, {}
    for trial in trials:
        seen, beside = trial.result, trial.witness
        if seen is None or beside is None or beside.wrong:
            continue
        if seen.throughput_rps and beside.throughput_rps:
            ours[trial.block] = seen.throughput_rps
            theirs[trial.block] = beside.throughput_rps
    return ours, theirs


def decides(trial: Trial, setup: Setup) -> bool:
    """Tell if a second client can show who limits under the load of a trial.

    On one CPU for both sides a client that costs less always leaves the server more.
    """
    return trial.cell.workload.load.may_be_generators_limit and not setup.shared


def shown_by_another(trials: Sequence[Trial], setup: Setup) -> Shown | None:
    """Return who limits a closed loop, None where that is not shown.

    It is not with fewer than two blocks in which the same server was driven by both and nothing
    disturbed it: what hits one of the two is no difference between them. Where the
    generator surely got less than the limit of what the witness got, the server can do more; else
    the server limits, since the witness costs less per request and got no more.
    """
    telling = [trial for trial in trials if decides(trial, setup) and not disturbance(trial)]
    found = ratio(telling)
    if found is None or found.low is None or found.high is None:
        return None
    if found.high >= limits.WITNESS_BELOW:
        return Shown(None)
    ours, theirs = (intervals.centre(list(side.values())) or 0.0 for side in rates(telling))
    reason = (
        f"an independent client in C got {wording.number(theirs)}/s of the same server, the "
        f"generator {wording.number(ours)}/s ({found.low:.2f} to {found.high:.2f} of it)"
    )
    facts = {"witness_rps": theirs, "generator_rps": ours, "witness_ratio": found.value}
    facts |= {"witness_lo": found.low, "witness_hi": found.high}
    return Shown(Finding(reason, facts, REMEDY))


def slope(trials: Sequence[Trial]) -> Estimate | None:
    """Return by how much of a counted extra time per request the time of a request grew.

    1 where the generator limits. Where the server does the extra time is taken from waiting: 0, or
    what is left of it if the generator had less to spare. With the interval of Student's t over
    the trials; None of none.
    """
    slopes = [
        found
        for trial in trials
        if trial.perturbation is not None and (found := trial.perturbation.slope) is not None
    ]
    return intervals.arithmetic(slopes)


def shown_by_slowing(trials: Sequence[Trial], setup: Setup) -> Shown | None:
    """Return who limits a closed loop by what slowing the generator down did; None if unclear."""
    telling = [t for t in trials if decides(t, setup) and not disturbance(t)]
    found = slope(telling)
    if found is None or found.low is None or found.high is None:
        return None
    if found.low <= limits.SLOPE:
        return Shown(None) if found.high < limits.SLOPE else None
    reason = (
        "each microsecond that the generator was slowed down by made a request "
        f"{found.value:.2f} µs longer ({found.low:.2f} to {found.high:.2f})"
    )
    facts = {"slope": found.value, "slope_lo": found.low, "slope_hi": found.high}
    return Shown(Finding(reason, facts, REMEDY))


def shown(trials: Sequence[Trial], setup: Setup) -> Shown | None:
    """Return who limits a closed loop, None where that is not shown."""
    return shown_by_another(trials, setup) or shown_by_slowing(trials, setup)
