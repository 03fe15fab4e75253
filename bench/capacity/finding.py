"""What a run found out: the capacity of each server, and which of them differ."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bench.base.estimate import Estimate
from bench.capacity import reading, search, slo
from bench.capacity.search import Bound, Found, Outcome, Tried
from bench.capacity.slo import Slo
from bench.model.run import Run, workload_labels
from bench.model.trial import TWIN, Cell, Trial
from bench.pairs.pairwise import State
from bench.verdicts import checks
from bench.verdicts.judging import setup_of
from bench.verdicts.verdict import Name


class End(StrEnum):
    """Why the search for a capacity ended."""

    NARROW = "narrow enough"
    TIME = "time was up"
    NO_RATE = "no rate was left to try"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Capacity:
    """How much a server carries under a load: a row of `capacity.csv`.

    slo: all limits; binding: the one that is reached first, empty where none is
    capacity_rps, capacity_lo, capacity_hi: with its interval (`search.ERROR`); null without one
    bound: empty, `at least` (the generator or the time ended before the server did), `below` (not
        even the lowest rate that was tried) or `unknown`
    trials: at a rate; end: `narrow enough`, `time was up`, `no rate was left to try` or
        `interrupted`
    peak_rps: of the closed loop; peak_bound: whether the generator was its limit
    ratio, ratio_lo, ratio_hi: to the best of its workload, its interval corrected for all pairs
    state: `apart`, `tied` or `not comparable`; empty for the best
    why: of a bound or a failure, in words
    disturbed: of the trials at a rate, those in which others used the machine
    """

    server: str
    workload: str
    slo: str
    capacity_rps: float | None
    capacity_lo: float | None
    capacity_hi: float | None
    bound: Bound
    binding: str
    trials: int
    peak_rps: float | None
    peak_bound: bool
    end: End
    why: str = ""
    ratio: float | None = None
    ratio_lo: float | None = None
    ratio_hi: float | None = None
    state: str = ""
    disturbed: int = 0

    @property
    def doubtful(self) -> bool:
        """Tell if most of its trials were disturbed, so that they had to count."""
        return 2 * self.disturbed > self.trials

    @property
    def estimate(self) -> Estimate | None:
        """Return it as a value with its interval."""
        if self.capacity_rps is None:
            return None
        return Estimate(self.capacity_rps, self.capacity_lo, self.capacity_hi)

    @property
    def against_best(self) -> Estimate | None:
        """Return the ratio to the best with its interval."""
        return None if self.ratio is None else Estimate(self.ratio, self.ratio_lo, self.ratio_hi)


@dataclass(frozen=True)
class Searched:
    """A server under a load, with what was tried of it."""

    cell: Cell
    tried: list[Tried]
    trials: list[Trial]


def searched(run: Run) -> list[Searched]:
    """Return what was tried, in the order of the plan; raises ConfigError for odd limits."""
    slos = slo.parse_all(run.header.config.slo)
    return [
        Searched(cell, reading.steps(run, cell, slos), reading.trials_of(run, cell))
        for cell in run.header.cells
        if not cell.server.endswith(TWIN)
    ]


def capacities(run: Run) -> list[Capacity]:
    """Return the capacity of each server under each load, the best of a load first."""
    slos = slo.parse_all(run.header.config.slo)
    labels = workload_labels(run.header.config.workloads)
    by_load: dict[str, list[tuple[Capacity, Searched]]] = {}
    for each in searched(run):
        label = labels[each.cell.workload]
        by_load.setdefault(label, []).append((_capacity(run, each, label, slos), each))
    return [row for rows in by_load.values() for row in _compared(rows, slos)]


def _capacity(run: Run, each: Searched, label: str, slos: Sequence[Slo]) -> Capacity:
    now = search.found(each.tried, slos, search.ERROR)
    peaks = [t for t in run.trials if t.cell == each.cell]
    peak = reading.peak_rps(peaks)
    bound = checks.judge(peaks, setup_of(run, each.cell)).holds(Name.GENERATOR_BOUND)
    return Capacity(
        each.cell.server,
        label,
        "; ".join(map(str, slos)),
        None if now.estimate is None else now.estimate.value,
        None if now.estimate is None else now.estimate.low,
        None if now.estimate is None else now.estimate.high,
        now.bound,
        "" if now.binding is None else str(slos[now.binding]),
        len(each.tried),
        peak,
        bound,
        _end(run, each, now, slos, peak),
        _why(each, now, peaks),
        disturbed=sum(one.disturbed for one in each.tried),
    )


def _end(run: Run, each: Searched, now: Found, slos: Sequence[Slo], peak: float | None) -> End:
    """Return why a search ended; one that was killed has no end on record, and was interrupted."""
    if search.finished(now, run.header.config.until or 0.0):
        return End.NARROW
    rate = search.next_rate(each.tried, now, peak or 1.0, slos, run.header.config.duration_s)
    if rate is None or peak is None:
        return End.NO_RATE
    return End.TIME if run.header.complete else End.INTERRUPTED


def _why(each: Searched, now: Found, peaks: Sequence[Trial]) -> str:
    """Return what stands behind a bound, or a search that found nothing."""
    if now.bound is Bound.UNKNOWN and not each.trials and any(trial.result for trial in peaks):
        return "the time was up before a rate was tried"
    if now.bound is Bound.UNKNOWN:
        reasons = [trial.reason for trial in (*peaks, *each.trials) if trial.reason]
        return reasons[-1].splitlines()[0] if reasons else "no trial has figures"
    if now.bound is Bound.AT_LEAST:
        if refused := search.refused_of(each.tried):
            return f"the generator did not keep up at {min(refused):,.0f}/s"
        short = [one.rate for one in each.tried if one.outcome is Outcome.NOT_OFFERED]
        told = f" ({min(short):,.0f}/s was more than the generator sent)" if short else ""
        return f"the time was up before a rate was missed{told}"
    if now.bound is Bound.BELOW:
        counted = [one for one in search.counted_of(each.tried) if one.outcome is Outcome.MISSED]
        missed = min(counted, key=lambda one: one.rate)
        lowest = missed.rate
        return f"not even at {lowest:,.0f}/s" + (f" ({missed.why})" if missed.why else "")
    return ""


def _compared(rows: list[tuple[Capacity, Searched]], slos: Sequence[Slo]) -> list[Capacity]:
    """Return the rows of a load in their order, each beside the best of them."""
    with_figure = [row for row in rows if row[0].bound is Bound.NONE and row[0].capacity_rps]
    if not with_figure:
        return [capacity for capacity, _ in rows]
    pairs = max(1, math.comb(len(with_figure), 2))
    error = search.ERROR / pairs
    best, its = max(with_figure, key=lambda row: row[0].capacity_rps or 0.0)
    first = search.found(its.tried, slos, error).estimate
    compared = []
    for capacity, each in rows:
        if capacity is best:
            compared.append(replace(capacity, ratio=1.0))
        elif capacity.bound is not Bound.NONE or first is None:
            compared.append(replace(capacity, state=str(_of_bound(capacity, best))))
        else:
            other = search.found(each.tried, slos, error).estimate
            compared.append(capacity if other is None else _beside(capacity, other, first))
    return sorted(compared, key=lambda c: (c.bound is not Bound.NONE, -(c.capacity_rps or 0.0)))


def _of_bound(capacity: Capacity, best: Capacity) -> State:
    """Return what a bound says beside the best: what is surely below it is apart."""
    low = best.capacity_lo
    below = capacity.bound is Bound.BELOW and low is not None
    surely = below and (capacity.capacity_rps or 0.0) < (low or 0.0)
    return State.APART if surely else State.INCOMPARABLE


def _beside(capacity: Capacity, other: Estimate, first: Estimate) -> Capacity:
    ratio = quotient(other, first)
    if ratio.low is None or ratio.high is None:
        return replace(capacity, ratio=ratio.value, state=str(State.INCOMPARABLE))
    state = State.APART if ratio.excludes_one else State.TIED
    return replace(
        capacity, ratio=ratio.value, ratio_lo=ratio.low, ratio_hi=ratio.high, state=str(state)
    )


def quotient(other: Estimate, first: Estimate) -> Estimate:
    """Return a ratio of two independent estimates, with an interval from theirs.

    On the logarithmic scale each end takes the reach of both in that direction (MOVER: Zou and
    Donner, Statistics in Medicine 27, 2008).
    """
    ratio = other.value / first.value
    if None in (other.low, other.high, first.low, first.high):
        return Estimate(ratio)
    down = math.hypot(
        math.log(other.value / (other.low or 1)), math.log((first.high or 1) / first.value)
    )
    up = math.hypot(
        math.log((other.high or 1) / other.value), math.log(first.value / (first.low or 1))
    )
    return Estimate(ratio, ratio * math.exp(-down), ratio * math.exp(up))
