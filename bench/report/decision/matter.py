"""Whether a difference matters: as a share of a request that does some work of its own."""

from dataclasses import dataclass

from bench.base import wording
from bench.pairs.pairwise import State
from bench.report.sentences import lead
from bench.report.view.cell_view import WorkloadView

# Requests of these lengths, in ms.
REQUESTS_MS = (0.1, 1.0, 10.0)
# A share below this is told as less than it.
SHARE_LEAST = 0.0001


@dataclass(frozen=True)
class Gap:
    """What the second best takes longer per request than the best.

    gap_us: in µs, the most that it can be where `surely` is false; None where nothing is known
    at: what it is of: `a request`, `at p99`
    """

    best: str
    second: str
    gap_us: float | None
    surely: bool
    at: str

    @property
    def text(self) -> str:
        """Return `0.31 µs a request`, `at most 0.9 µs a request`."""
        if self.gap_us is None:
            return "not known"
        most = "" if self.surely else "at most "
        return f"{most}{wording.duration(self.gap_us)} {self.at}"

    @property
    def shares(self) -> list[str]:
        """Return it as a share of each of `REQUESTS_MS`."""
        if self.gap_us is None:
            return [""] * len(REQUESTS_MS)
        return [_share(self.gap_us / (length_ms * 1000)) for length_ms in REQUESTS_MS]


def gap(workload: WorkloadView) -> Gap | None:
    """Return the gap between the best and the second of a workload; None of a single server.

    Where throughput ranks, the time of a request is its inverse: of one CPU that is busy, or of
    one connection that waits for its reply.
    """
    order = workload.order
    if len(workload.ranked) < 2:
        return None
    best, second = workload.ranked[:2]
    at = "at p99" if order.figure.latency else "a request"
    better = best.value(order.figure.column)
    time_us = 1e6 / better if order.figure.more_is_better else better
    pair = lead.between(order, best.server, second.server)
    ratio = None if pair is None or pair.state is State.INCOMPARABLE else pair.ratio
    if pair is None or ratio is None or ratio.high is None:
        return Gap(best.server, second.server, None, False, at)
    times = ratio.value if pair.apart else max(ratio.high, 1.0)
    return Gap(best.server, second.server, time_us * (times - 1), pair.apart, at)


def _share(share: float) -> str:
    if share < SHARE_LEAST:
        return f"< {SHARE_LEAST * 100:g}\u00a0%"
    if share >= 1:
        return f"{wording.digits(share, 2)} times"
    return f"{wording.digits(share * 100, 2)}\u00a0%"
