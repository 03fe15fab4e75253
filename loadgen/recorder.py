"""Where samples go: preallocated columns, or counts in logarithmic buckets for long windows."""

import time
from array import array

from loadgen.plan import Plan

# Rows beyond any rate that a Python process reaches (C on one core here: 197,000/s).
RATE_MAX = 250_000
PIPELINED_RATE_MAX = 500_000
COLUMN_BUDGET = 96 * 1024 * 1024
COLUMNS = ("intended", "sent", "received", "slot")
# Requests that can be in flight at once where rows are not kept.
RING_ROWS = 1 << 20
SERIES_NS = 100_000_000
# HdrHistogram's own layout for three significant digits: 2,048 steps, then 1,024 per doubling.
# 42 doublings of a nanosecond are 73 minutes.
SUB_BITS = 11
BUCKETS = (42 - SUB_BITS + 2) << (SUB_BITS - 1)


def zeros(count: int) -> "array[int]":
    """Return a column of int64 zeros whose pages are in memory: no page fault in the window."""
    return array("q", bytes(8)) * count


def bucket(value_ns: int) -> int:
    """Return the index of the bucket that holds a value; three significant digits."""
    shift = (value_ns | ((1 << SUB_BITS) - 1)).bit_length() - SUB_BITS
    return min((shift << (SUB_BITS - 1)) + (value_ns >> shift), BUCKETS - 1)


def bucket_value(index: int) -> int:
    """Return the least value of a bucket, in nanoseconds."""
    shift = max((index >> (SUB_BITS - 1)) - 1, 0)
    return (index - (shift << (SUB_BITS - 1))) << shift


def rows_expected(plan: Plan, slots: int) -> int:
    """Return how many rows one process may need from the start of its load to the end."""
    span_s = plan.warmup_s + plan.duration_s
    rate = RATE_MAX if plan.load.depth == 1 else PIPELINED_RATE_MAX
    if plan.load.rate is not None:
        rate = int(plan.load.rate / plan.processes * 1.1) + 1
    return int(span_s * rate) + slots * plan.load.depth + 10_000


class Recorder:
    """The samples of one process.

    A row is an answered request: intended_ns, sent_ns, received_ns, slot (its connection).
    `unanswered` holds intended_ns, sent_ns, slot of each of the others, and when it was given up.
    `raw` says whether rows are kept; if not, the columns are at most a ring for requests in
    flight, and `count_reply` counts into buckets. The choice is made before the load: nothing is
    folded while it runs.
    """

    def __init__(self, plan: Plan, slots: int) -> None:
        """Allocate everything."""
        rows = rows_expected(plan, slots)
        self.raw = rows * 8 * len(COLUMNS) <= COLUMN_BUDGET
        self.capacity = rows if self.raw else RING_ROWS
        self.intended, self.sent, self.received, self.slot = (zeros(self.capacity) for _ in COLUMNS)
        self.rows = 0
        self.open_ns = 0
        series = int((plan.duration_s + plan.drain_s) * 1e9 / SERIES_NS) + 2
        buckets = 0 if self.raw else BUCKETS
        self.response, self.service, self.lag = (zeros(buckets) for _ in range(3))
        self.replies, self.series = zeros(slots), zeros(series)
        self.unanswered = array("q")

    def add(self, intended_ns: int, sent_ns: int, received_ns: int, slot: int) -> None:
        """Record one answered request, off the fast path."""
        if not self.raw:
            self.count_reply(intended_ns, sent_ns, received_ns, slot)
            return
        row = self.rows
        self.intended[row], self.sent[row] = intended_ns, sent_ns
        self.received[row], self.slot[row] = received_ns, slot
        self.rows = row + 1

    def leave(self, intended_ns: int, sent_ns: int, slot: int) -> None:
        """Record a request that got no reply; sent_ns 0 is one that was not even sent."""
        self.unanswered.extend((intended_ns, sent_ns, slot, time.monotonic_ns()))

    def count_reply(self, intended_ns: int, sent_ns: int, received_ns: int, slot: int) -> None:
        """Count one answered request of the window into the buckets."""
        if not self.open_ns:
            return  # still in the warm-up
        self.response[bucket(received_ns - intended_ns)] += 1
        self.service[bucket(received_ns - sent_ns)] += 1
        self.lag[bucket(sent_ns - intended_ns)] += 1
        self.replies[slot] += 1
        step = (received_ns - self.open_ns) // SERIES_NS
        self.series[min(step, len(self.series) - 1)] += 1
