"""Where the order of two servers changes along an axis: a value, with an interval from the blocks.

Between two points that were measured the logarithm of a block's ratio is a straight line, over the
logarithm of the axis (over the axis itself where it begins at 0). At every place there is so a mean
over the blocks, with Student's interval; the places at which that interval holds the threshold are
the interval of the crossover. This is the inversion of a test, as Fieller has it for a ratio
(Journal of the Royal Statistical Society B 16, 1954), and needs no slope to be known.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.analysis import intervals
from bench.base.estimate import Estimate

# Places looked at between two points: fine beside any interval.
STEPS = 60


@dataclass(frozen=True)
class Point:
    """Two servers at a place of the axis.

    logs: the logarithm of first / second by block, above 0 where the first is better
    lead: 1 if the first is surely better there, -1 if the second is, 0 if they are not told apart
    """

    place: float
    logs: Mapping[int, float]
    lead: int


@dataclass(frozen=True)
class Change:
    """Where what is known of two servers changes.

    before, beyond: leads, as in `Point`; at: where on the axis, with an interval if the blocks
        give one within the points around it
    """

    before: int
    beyond: int
    at: Estimate


def changes(points: Sequence[Point], margin: float) -> list[Change]:
    """Return where one of two servers takes the lead from the other, or loses it to nobody.

    A lead that is lost or won without the other's taking it is told only where the blocks say so:
    else it is the noise of a point at which it is not sure.

    points: in the order of the axis
    margin: within which the servers count as level where neither leads any more, as a fraction
    """
    found = []
    for before, beyond, between in _runs(points):
        # From one leader to the other the ratio passes 1; to and from a tie, the margin.
        changes_hands = before.lead * beyond.lead != 0
        leader = before.lead or beyond.lead
        threshold = 0.0 if changes_hands else math.log1p(margin)
        falls = before.lead == leader
        at = _crossing(between, leader, threshold, falls=falls)
        if at is not None and (changes_hands or _inside(at, between)):
            found.append(Change(before.lead, beyond.lead, at))
    return found


def _inside(at: Estimate, points: Sequence[Point]) -> bool:
    """Tell if an interval ends before the last point, and does not hold the whole range."""
    return at.high is not None and at.high < points[-1].place


def _runs(points: Sequence[Point]) -> list[tuple[Point, Point, list[Point]]]:
    """Return where the lead changes: the points on both sides, and those that lie between.

    A tie between two leaders is where one takes over from the other, and no state of its own; nor
    is one between two points with the same leader.
    """
    sure = [number for number, point in enumerate(points) if point.lead]
    if not sure:
        return []
    ends = [sure[0], sure[-1]]
    steps = [(0, ends[0])] if ends[0] > 0 else []
    steps += [(a, b) for a, b in itertools.pairwise(sure) if points[a].lead != points[b].lead]
    steps += [(ends[1], len(points) - 1)] if ends[1] < len(points) - 1 else []
    return [(points[a], points[b], list(points[a : b + 1])) for a, b in steps]


def _crossing(
    points: Sequence[Point], leader: int, threshold: float, *, falls: bool
) -> Estimate | None:
    """Return where the leader's mean passes a threshold, and the places at which it may do so.

    falls: it passes it downwards, the last time that it does; else upwards, the first time
    """
    places, means = [], []
    for left, right in itertools.pairwise(points):
        for step in range(STEPS + 1):
            share = step / STEPS
            logs = _between(left, right, share)
            if logs:
                places.append(_place(left.place, right.place, share))
                means.append(intervals.arithmetic([leader * v - threshold for v in logs]))
    passes = [
        at
        for at, (one, other) in enumerate(itertools.pairwise(means))
        if one is not None
        and other is not None
        and (one.value > 0 >= other.value) == falls
        and one.value * other.value <= 0
        and one.value != other.value
    ]
    return _around(places, means, passes[-1 if falls else 0]) if passes else None


def _around(places: list[float], means: list[Estimate | None], at: int) -> Estimate:
    """Return a crossing with the places around it at which the interval holds the threshold."""

    def holds(number: int) -> bool:
        mean = means[number]
        return mean is None or mean.low is None or mean.high is None or mean.low <= 0 <= mean.high

    low, high = at, at + 1
    while low > 0 and holds(low):
        low -= 1
    while high < len(places) - 1 and holds(high):
        high += 1
    known = means[at] is not None and means[at].low is not None  # type: ignore[union-attr]
    ends = (places[low], places[high]) if known else (None, None)
    return Estimate((places[at] + places[at + 1]) / 2, *ends)


def _between(left: Point, right: Point, share: float) -> list[float]:
    blocks = sorted(left.logs.keys() & right.logs.keys())
    return [left.logs[b] + share * (right.logs[b] - left.logs[b]) for b in blocks]


def _place(left: float, right: float, share: float) -> float:
    if left <= 0:
        return left + share * (right - left)
    return float(left * (right / left) ** share)
