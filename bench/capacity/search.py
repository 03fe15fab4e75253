"""Which rate is tried next: decided from what came of those before it.

First a bracket, by doubling and halving from half of the closed loop's peak; then rates on both
sides of the edge, the nearer to it the better it is known.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bench.base import levels
from bench.base.estimate import Estimate
from bench.capacity.edge import Edge, Point, edge
from bench.capacity.slo import Slo

# The nominal error of the interval that ends a search and stands in the report. Who looks after
# each trial stops where an interval is narrow by chance: of 100 simulated searches that ended at
# 8 % or after three minutes 92 held the truth (tests/simulation/test_capacity.py, other seeds).
ERROR = 0.5 * levels.ERROR
START_SHARE = 0.5
# A bracket is halved on its logarithmic scale until it is this narrow.
BRACKET = 1.35
# Rates are tried as far from the edge as the logit of the late part changes by this much: ten times
# less and ten times more are late there. As logarithms, within these: a server that collapses at
# once, and one that degrades slowly.
LOGIT, SPREAD_LEAST, SPREAD_MOST = 4.6, 0.02, 0.15
# Within that, in turn: the outer ones say how steep it is, the inner ones where. More of them above
# than below, where late requests are few and chance rules (tests/simulation).
TURNS = (-0.8, 1.2, -0.3, 0.7, 0.2)
# Trials near the edge before an interval may end the search: of few, some are alike by chance.
NEAR_LEAST = 24
# A rate at which so few requests fall due in a window that hardly one may be late.
LATE_LEAST = 2.0
# A server that failed so often in a row is not tried again.
FAILURES_MOST = 3
# The highest rate that was kept and the lowest that the generator missed are near enough.
GENERATOR = 1.1
# So many trials near a rate that was not sent, and none that was, are no chance.
REFUSALS = 3
DIGITS = 3


class Outcome(StrEnum):
    """What came of a rate."""

    KEPT = "kept"  # every limit
    MISSED = "missed"  # one of them, or requests were lost or piled up
    NOT_OFFERED = "not offered"  # the generator did not send it
    NOTHING = "nothing"  # the server or the instrument failed


@dataclass(frozen=True)
class Tried:
    """A trial of a server at a rate.

    late: of the requests that fell due, how many took longer than each limit
    why: what came of it beside that, in words
    disturbed: whether others used the machine meanwhile
    """

    rate: float
    requests: int
    late: tuple[int, ...]
    outcome: Outcome
    why: str = ""
    disturbed: bool = False


class Bound(StrEnum):
    """What a capacity is, where it is no estimate."""

    NONE = ""
    AT_LEAST = "at least"  # the generator, or the time, ended before the server did
    BELOW = "below"  # not even the lowest rate that was tried
    UNKNOWN = "unknown"  # no trial has figures


@dataclass(frozen=True)
class Found:
    """The capacity of a server as far as it is known.

    estimate: the rate, with its interval where both sides are known
    binding: which of the limits is reached first, by its place; None where none is
    edge: of that limit
    """

    estimate: Estimate | None
    bound: Bound = Bound.NONE
    binding: int | None = None
    edge: Edge | None = None

    @property
    def width(self) -> float | None:
        """Return the interval's width as a part of the rate, None without one."""
        half = None if self.estimate is None else self.estimate.relative_half_width
        return None if half is None or self.bound else 2 * half


def counted_of(tried: Sequence[Tried]) -> list[Tried]:
    """Return the trials that say something of the server.

    What others did to a trial says nothing of it; where they did so to most, there is no choice.
    """
    sound = [each for each in tried if each.outcome in (Outcome.KEPT, Outcome.MISSED)]
    calm = [each for each in sound if not each.disturbed]
    return calm if 2 * len(calm) >= len(sound) else sound


def refused_of(tried: Sequence[Tried]) -> list[float]:
    """Return the rates that the generator does not send: not once in so many trials near them.

    A single one may be a moment in which it was held up.
    """
    refused = [each.rate for each in tried if each.outcome is Outcome.NOT_OFFERED]
    sent = [each.rate for each in counted_of(tried)]
    return [
        rate
        for rate in refused
        if sum(rate / GENERATOR <= other <= rate * GENERATOR for other in refused) >= REFUSALS
        and not any(rate <= other for other in sent)
    ]


def found(tried: Sequence[Tried], slos: Sequence[Slo], error: float) -> Found:
    """Return what is known of a capacity, by all trials together."""
    counted = counted_of(tried)
    kept = [each.rate for each in counted if each.outcome is Outcome.KEPT]
    missed = [each.rate for each in counted if each.outcome is Outcome.MISSED]
    if not counted:
        return Found(None, Bound.UNKNOWN)
    if not missed:
        return Found(Estimate(max(kept)), Bound.AT_LEAST)
    if not kept:
        return Found(Estimate(min(missed)), Bound.BELOW)
    edges = {
        at: its
        for at, slo in enumerate(slos)
        if (its := edge(_points(counted, at, slo.share), slo.share, error)) is not None
    }
    if not edges:
        low, high = bracket(counted)
        return Found(Estimate(math.sqrt(low * high), low, high))
    binding = min(edges, key=lambda at: edges[at].estimate.value)
    return Found(edges[binding].estimate, Bound.NONE, binding, edges[binding])


def _points(counted: Sequence[Tried], at: int, share: float) -> list[Point]:
    return [_point(each, at, share) for each in counted]


def _point(tried: Tried, at: int, share: float) -> Point:
    """Return a trial as it counts for one limit.

    Where requests piled up or were lost, and the window was too short for the others to be late,
    all count as late.
    """
    late = tried.late[at]
    hidden = tried.outcome is Outcome.MISSED and tried.why and late <= share * tried.requests
    return Point(tried.rate, tried.requests, tried.requests if hidden else late)


def bracket(counted: Sequence[Tried]) -> tuple[float, float]:
    """Return the highest rate that was kept below the lowest that was missed, and that one.

    Where chance has a rate kept above one that was missed, half of the lowest stands for it.
    """
    high = min(each.rate for each in counted if each.outcome is Outcome.MISSED)
    below = [e.rate for e in counted if e.outcome is Outcome.KEPT and e.rate < high]
    return max(below, default=high / 2), high


def finished(now: Found, until: float) -> bool:
    """Tell if a capacity is known well enough; until: the width of its interval, as a part."""
    width = now.width
    near = 0 if now.edge is None else now.edge.near
    return width is not None and width <= until and near >= NEAR_LEAST


def next_rate(
    tried: Sequence[Tried], now: Found, peak_rps: float, slos: Sequence[Slo], window_s: float
) -> float | None:
    """Return the rate to try next; None where there is none to be tried.

    peak_rps: of the closed loop; window_s: of a trial
    """
    last = [each.outcome is Outcome.NOTHING for each in tried[-FAILURES_MOST:]]
    if len(last) == FAILURES_MOST and all(last):
        return None
    counted, refused = counted_of(tried), refused_of(tried)
    kept = [each.rate for each in counted if each.outcome is Outcome.KEPT]
    missed = [each.rate for each in counted if each.outcome is Outcome.MISSED]
    lowest = LATE_LEAST / (min(slo.share for slo in slos) * window_s)
    if not counted:
        rate = min(refused) / 2 if refused else START_SHARE * peak_rps
        return rounded(max(rate, lowest)) if rate > lowest or not refused else None
    if not missed:
        return _upwards(max(kept), refused)
    if not kept:
        rate = min(missed) / 2
        return rounded(rate) if rate >= lowest else None
    low, high = bracket(counted)
    if high / low > BRACKET or now.edge is None:
        return rounded(math.sqrt(low * high))
    spread = min(max(LOGIT / now.edge.slope, SPREAD_LEAST), SPREAD_MOST)
    turn = TURNS[len(tried) % len(TURNS)]
    return rounded(now.edge.estimate.value * math.exp(spread * turn))


def _upwards(highest: float, refused: Sequence[float]) -> float | None:
    """Return a rate above the highest that was kept, below what the generator cannot send."""
    above = [rate for rate in refused if rate > highest]
    if not above:
        return rounded(2 * highest)
    return rounded(math.sqrt(highest * min(above))) if min(above) / highest > GENERATOR else None


def rounded(rate: float) -> float:
    """Return a rate with three digits: what a person can type again."""
    return float(f"{rate:.{DIGITS}g}")
