"""What a capacity comes to, in words."""

from collections.abc import Iterator, Sequence

from bench.base import wording
from bench.capacity.finding import Capacity, End
from bench.capacity.search import Bound
from bench.pairs.pairwise import State

MARKS = {State.APART: "", State.TIED: "≈ ", State.INCOMPARABLE: "? "}


def paragraph(rows: Sequence[Capacity]) -> list[str]:
    """Return the sentences that a run comes to, those of one load after the other."""
    told = []
    for workload in dict.fromkeys(row.workload for row in rows):
        of = [row for row in rows if row.workload == workload]
        several = len({row.workload for row in rows}) > 1
        sentences = " ".join(_of_load(of))
        told.append(f"{workload}: {sentences}" if several else sentences)
    return told


def _of_load(rows: Sequence[Capacity]) -> Iterator[str]:
    known = [row for row in rows if row.bound is Bound.NONE and row.capacity_rps is not None]
    if known:
        yield from _of_best(known[0], rows)
    for row in rows:
        if row.bound is Bound.AT_LEAST:
            least = wording.number(row.capacity_rps or 0.0)
            yield f"{row.server} carries at least {least} requests/s: {row.why}."
        elif row.bound is Bound.BELOW:
            yield f"{row.server} keeps {row.slo} at no rate that was tried, {row.why}."
        elif row.bound is Bound.UNKNOWN:
            yield f"Nothing is known of {row.server}: {row.why}."
    if doubtful := [row for row in rows if row.doubtful]:
        names = wording.listing([row.server for row in doubtful])
        yield (
            f"Most trials of {names} were disturbed ({disturbed(doubtful[0])}): these figures are "
            "of a machine that others used, so measure again when it is quiet."
        )
    ends = {End.TIME: "The time was up", End.INTERRUPTED: "It was interrupted"}
    for end, what in ends.items():
        if short := [row.server for row in known if row.end is end]:
            were = "was" if len(short) == 1 else "were"
            yield f"{what} before {wording.listing(short)} {were} known as well as was asked."


def _of_best(best: Capacity, rows: Sequence[Capacity]) -> Iterator[str]:
    """Yield who carries most, if that can be told, and what the closed loop would have promised."""
    named = {
        state: [row.server for row in rows if row.state == str(state)]
        for state in (State.TIED, State.INCOMPARABLE)
    }
    open_ = named[State.INCOMPARABLE] or len(rows) == 1 or any(row.doubtful for row in rows)
    told = "carries" if open_ else "carries most:"
    yield f"{best.server} {told} {rate(best)} requests/s within {best.slo}."
    if tied := named[State.TIED]:
        yield f"{wording.listing(tied)} {'is' if len(tied) == 1 else 'are'} tied with it."
    if unknown := named[State.INCOMPARABLE]:
        yield f"Whether {wording.listing(unknown)} can do more is not known."
    if best.peak_rps and best.capacity_rps and best.capacity_rps < best.peak_rps:
        yield (
            f"In closed loop it comes to {wording.number(best.peak_rps)}: what can be promised "
            f"is {best.capacity_rps / best.peak_rps:.0%} of that."
        )


def rate(row: Capacity) -> str:
    """Return a capacity with its interval, and the mark of a bound."""
    if row.capacity_rps is None:
        return ""
    mark = {Bound.AT_LEAST: "≥ ", Bound.BELOW: "< "}.get(row.bound, "")
    estimate = row.estimate
    if estimate is not None and estimate.half_width is not None:
        return wording.ranged(estimate)
    # An end that the trials do not bound is open, which is no interval.
    return mark + wording.number(row.capacity_rps) + ("" if row.bound else " (no interval)")


def beside(row: Capacity) -> str:
    """Return what stands beside a row of the picture: the capacity and its part of the peak."""
    part = of_peak(row)
    return (rate(row) or str(row.bound)) + (f"; {part} of the peak" if part else "")


def against_best(row: Capacity) -> str:
    """Return the ratio to the best with the mark of the pair's state."""
    ratio = row.against_best
    mark = next((mark for state, mark in MARKS.items() if row.state == str(state)), "")
    if ratio is None:
        return mark.strip()
    return mark + (wording.ratio(ratio) if row.state else "1.00")


def of_peak(row: Capacity) -> str:
    """Return a capacity as a part of the closed loop's peak."""
    if not row.peak_rps or row.capacity_rps is None or row.bound is Bound.BELOW:
        return ""
    mark = "≤ " if row.peak_bound else ""
    return f"{mark}{row.capacity_rps / row.peak_rps:.0%}"


def disturbed(row: Capacity) -> str:
    """Return in how many of its trials others used the machine."""
    return f"others used the machine in {row.disturbed} of {row.trials} trials"


def note(row: Capacity) -> str:
    """Return what stands behind a row: why it is a bound, why its search ended, who disturbed."""
    told = row.why or ("" if row.end is End.NARROW else str(row.end))
    return "; ".join(filter(None, [told, disturbed(row) if row.doubtful else ""]))
