"""What a run holds of a search: its trials, what came of each, and the peak that it begins at."""

from collections.abc import Sequence
from dataclasses import replace

from bench.analysis import intervals, metrics, percentiles
from bench.capacity.search import Outcome, Tried
from bench.capacity.slo import Slo
from bench.model.run import Run
from bench.model.trial import Cell, Trial
from bench.verdicts import checks
from bench.verdicts.disturbance import disturbance
from bench.verdicts.judging import setup_of
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


def at_rate(base: Cell, rate: float) -> Cell:
    """Return a server under the load of its cell, offered at a rate; raises PlanError."""
    workload = base.workload
    load = replace(workload.load, rate=rate)
    return replace(base, workload=replace(workload, name=f"{workload.name}-{rate:g}rps", load=load))


def trials_of(run: Run, base: Cell) -> list[Trial]:
    """Return the trials of a server under a load at whatever rate, in order."""
    return [
        trial
        for trial in run.trials
        if (rate := trial.cell.workload.load.rate) is not None and at_rate(base, rate) == trial.cell
    ]


def steps(run: Run, base: Cell, slos: Sequence[Slo]) -> list[Tried]:
    """Return what was tried of a server under a load, in order."""
    setup = setup_of(run, base)
    return [tried(trial, slos, setup) for trial in trials_of(run, base)]


def peak_rps(peaks: Sequence[Trial]) -> float | None:
    """Return the throughput of the closed loop's trials; None where most have none."""
    values = list(metrics.values(metrics.by_block(peaks), "throughput_rps").values())
    return (intervals.centre(values) or None) if values else None
