"""Which side limits, shown by a second client: the generator beside an independent one in C."""

import math
from collections.abc import Sequence

from bench.analysis import intervals
from bench.base import limits, wording
from bench.base.estimate import Estimate
from bench.model.trial import Trial
from bench.verdicts.verdict import Finding, Setup


def ratio(trials: Sequence[Trial]) -> Estimate | None:
    """Return what the generator got over what the witness got, over the trials that have both."""
    return intervals.geometric([each for trial in trials if (each := _of(trial)) is not None])


def _of(trial: Trial) -> float | None:
    """Return the ratio of one trial; None where either got nothing."""
    if trial.result is None or trial.witness is None or not trial.witness.throughput_rps:
        return None
    return trial.result.throughput_rps / trial.witness.throughput_rps or None


def tells(trial: Trial) -> bool:
    """Tell if the witness's word decides under the load of a trial.

    In open loop the schedule does, which is known. In churn the two depend on when a client dials,
    asks and hangs up: two sound ones differ by a factor of two in either direction.
    """
    load = trial.cell.workload.load
    return load.rate is None and load.requests_per_connection is None and _of(trial) is not None


def bound(trials: Sequence[Trial], _: Setup) -> Finding | None:
    """Return a finding if an independent client surely got more of the same server."""
    # Each once, also where trials are drawn anew: of one that is drawn twice the interval is none.
    telling = list({id(trial): trial for trial in trials if tells(trial)}.values())
    found = ratio(telling)
    if found is None or found.high is None or found.high >= limits.WITNESS_BELOW:
        return None
    pairs = [
        (t.result.throughput_rps, t.witness.throughput_rps)
        for t in telling
        if t.result and t.witness
    ]
    ours, theirs = (
        math.exp(math.fsum(map(math.log, side)) / len(side)) for side in zip(*pairs, strict=True)
    )
    reason = (
        f"an independent client in C got {wording.number(theirs)} requests/s of the same server, "
        f"and the generator {wording.number(ours)}: {wording.ranged(found)} of it"
    )
    facts = {"generator_rps": ours, "witness_rps": theirs, "ratio": found.value}
    remedy = (
        f"The server does {wording.number(theirs)} requests/s at least; compare CPU per request."
    )
    return Finding(reason, facts | {"ratio_lo": found.low, "ratio_hi": found.high}, remedy)
