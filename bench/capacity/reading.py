"""What came of a trial at a rate, as the search counts it: from the trial alone."""

from collections.abc import Sequence

from bench.analysis import percentiles
from bench.capacity.search import Outcome, Tried
from bench.capacity.slo import Slo
from bench.model.trial import Trial
from bench.verdicts import checks
from bench.verdicts.disturbance import disturbance
from bench.verdicts.verdict import Name, Setup

# With any of these requests are lost, wrong or piling up: no rate that a server carries.
SPOILT = (Name.BROKEN_ECHO, Name.NO_WORK, Name.LOSSY, Name.STALLED, Name.STARVED, Name.OVERLOADED)


def tried(trial: Trial, slos: Sequence[Slo], setup: Setup) -> Tried:
    """Return a trial as a step of the search.

    A request counts from the moment at which it was due, so that what the generator sent late is
    late as well: where the limits were kept nevertheless, they were kept.
    """
    result, rate = trial.result, trial.cell.workload.load.rate or 0.0
    if result is None:
        return Tried(rate, 0, (0,) * len(slos), Outcome.NOTHING, trial.reason)
    late = tuple(
        percentiles.beyond(result.response_hdr, result.hdr_unit_ns, slo.limit_us) for slo in slos
    )
    verdict = checks.judge([trial], setup)
    why = next((str(name) for name in SPOILT if verdict.holds(name)), "")
    disturbed = bool(disturbance(trial))
    within = all(many <= slo.share * result.samples for many, slo in zip(late, slos, strict=True))
    if result.samples and within and not why:
        return Tried(rate, result.samples, late, Outcome.KEPT, "", disturbed)
    if verdict.holds(Name.GENERATOR_BOUND) or not result.samples:
        return Tried(rate, result.samples, late, Outcome.NOT_OFFERED, "generator-bound", disturbed)
    return Tried(rate, result.samples, late, Outcome.MISSED, why, disturbed)
