"""Where samples go: columns of rows while they fit a budget, counts in logarithmic buckets beyond.

Room is reserved, not paid for: a column is address space whose pages come with their first use. Of
a page of 512 rows that is 5 ns a value here (48 ns where it was touched before, 43); the warm-up
touches those that its own rate says the window needs. Nothing in here depends on how fast a machine
is, and no amount of replies ends a trial.
"""

import contextlib
import mmap
import time
from array import array
from collections.abc import Callable

from loadgen.plan import Plan

# Memory for rows, in bytes; the columns that a load does not fill cost nothing.
COLUMN_BUDGET = 96 * 1024 * 1024
COLUMNS = ("intended", "sent", "received", "slot")
KINDS = ("response", "service", "lag")
COUNTS = (*KINDS, *(f"left_{kind}" for kind in KINDS))
# Of a mixture: the part of `response` and of `left_response` that asked for work.
MIXTURE_COUNTS = ("heavy", "left_heavy")
# Rows that a loop may write between two looks at the limit.
ROWS_SPARE = 4096
# Where a page is next to be written, the rows are expected to be these many times those projected.
PROJECTION_MARGIN = 1.25
# Times of requests in flight where a request is a number: the most of them at once is a power of 2.
RING_ROWS = 1 << 20
# Requests without a reply that are kept one by one; of a server that answers nothing there may be
# millions, and these are counted with the age that they have when they are given up.
UNANSWERED_MAX = 1 << 18
# The course of a trial has steps of 100 ms, and longer ones where there would be more than this.
SERIES_NS = 100_000_000
STEPS_MAX = 600
# HdrHistogram's own layout for three significant digits: 2,048 steps, then 1,024 per doubling.
# 42 doublings of a nanosecond are 73 minutes.
SUB_BITS = 11
BUCKETS = (42 - SUB_BITS + 2) << (SUB_BITS - 1)
# The buckets of a step of the course are these many of those in one: 32 per doubling, or 3 %.
COARSE_BITS = 5
COARSE_BUCKETS = BUCKETS >> COARSE_BITS
NEVER = 1 << 62

# Linux; Python has no names for them.
MAP_NORESERVE = 0x4000
MADV_NOHUGEPAGE = 15
MADV_POPULATE_WRITE = 23

Column = memoryview


class Reserve:
    """Address space for a column of int64 zeros; its pages are there once they are written."""

    def __init__(self, count: int) -> None:
        """Reserve room for `count` values, one at least."""
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_NORESERVE
        self.space = mmap.mmap(-1, 8 * max(1, count), flags=flags)
        with contextlib.suppress(OSError):  # a kernel without huge pages
            # A huge page is 2 MiB of zeros to be written at its first use: a pause in the window.
            self.space.madvise(MADV_NOHUGEPAGE)
        self.column = memoryview(self.space).cast("q")

    def touch(self, count: int) -> None:
        """Bring the pages of the first `count` values into memory, where the kernel knows how."""
        length = min(8 * count, len(self.space))
        with contextlib.suppress(OSError, ValueError):
            self.space.madvise(MADV_POPULATE_WRITE, 0, length)


def bucket(value_ns: int) -> int:
    """Return the index of the bucket that holds a value; three significant digits."""
    shift = (value_ns | ((1 << SUB_BITS) - 1)).bit_length() - SUB_BITS
    return min((shift << (SUB_BITS - 1)) + (value_ns >> shift), BUCKETS - 1)


def counts_of(plan: Plan) -> tuple[str, ...]:
    """Return what is counted in buckets."""
    return COUNTS + (MIXTURE_COUNTS if plan.mixture else ())


def step_ns(plan: Plan) -> int:
    """Return how long a step of the course is: 100 ms, or the least multiple with few steps."""
    span_ns = int((plan.warmup_s + plan.duration_s) * 1e9)
    return SERIES_NS * max(1, -(-span_ns // (SERIES_NS * STEPS_MAX)))


class Recorder:
    """The samples of one process.

    A row is an answered request: intended_ns, sent_ns, received_ns, slot (its connection; of one
    that asked for work, in a mixture, it is ~slot).
    `unanswered` holds intended_ns, sent_ns, slot of each of the others, and when it was given up,
    up to `UNANSWERED_MAX` of them; beyond, those of the window are counted in `left`.
    Rows are kept while they fit. What comes beyond `limit` is counted in buckets: `kept` is then
    the number of rows that stand, and those behind it wait to be counted. Where the warm-up shows
    that the window's rows will not fit, all of the window is counted.

    counts: response, service and lag of the requests intended in the window, by bucket; `left_` of
        those counted in `left`, with the age that they had when they were given up
    left: unanswered requests beyond those kept one by one: all, sent in the window, never sent
    steps: of each step of the course, from the warm-up on, replies by coarse bucket of their
        response time; the last one is of the drain
    replies: of each connection, from the opening of the window on
    """

    def __init__(
        self,
        plan: Plan,
        slots: int,
        *,
        sends_as_intended: bool = False,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Reserve everything.

        sends_as_intended: the load has no schedule but its replies: `sent` is both times
        """
        self.sends_as_intended = sends_as_intended
        self.clock = clock
        names = COLUMNS[1:] if sends_as_intended else COLUMNS
        self.capacity = COLUMN_BUDGET // (8 * len(names))
        self.reserves = {name: Reserve(self.capacity) for name in names}
        self.sent = self.reserves["sent"].column
        self.received = self.reserves["received"].column
        self.slot = self.reserves["slot"].column
        self.intended = self.sent if sends_as_intended else self.reserves["intended"].column
        self.rows = self.kept = 0
        self.limit = self.capacity - ROWS_SPARE
        self.raw = True
        self.window_fits = True
        self.step_ns = step_ns(plan)
        self.steps_before = int(plan.warmup_s * 1e9) // self.step_ns
        self.steps_inside = max(1, -(-int(plan.duration_s * 1e9) // self.step_ns))
        self.last_step = self.steps_before + self.steps_inside
        self.counts = {name: Reserve(BUCKETS).column for name in counts_of(plan)}
        self.steps = Reserve((self.last_step + 1) * COARSE_BUCKETS).column
        self.replies = Reserve(slots).column
        self.unanswered = array("q")
        self.left = {"all": 0, "sent": 0, "unsent": 0}
        self.window_s = plan.duration_s
        self.counted_in_window = self.counted_heavy = 0
        self.start_ns = self.open_ns = self.close_ns = self.origin_ns = NEVER
        # When the wait for late replies was over: the age of what is still unanswered counts to
        # there, however long it takes to put that on record.
        self.drained_ns = 0

    def begin(self, start_ns: int, open_ns: int, close_ns: int) -> None:
        """Be told when the load starts, and of its window."""
        self.start_ns, self.open_ns, self.close_ns = start_ns, open_ns, close_ns
        self.origin_ns = open_ns - self.steps_before * self.step_ns

    def project(self, now_ns: int) -> None:
        """Decide in the warm-up, by its own rate, whether the window's rows fit; touch those."""
        span_ns = self.close_ns - self.start_ns
        expected = self.rows * span_ns / max(1, now_ns - self.start_ns) * PROJECTION_MARGIN
        self.window_fits = expected <= self.limit
        if self.window_fits:
            for reserve in self.reserves.values():
                reserve.touch(int(expected))

    def open(self) -> None:
        """Open the window: where its rows do not fit, count from here on."""
        if not self.window_fits and self.raw:
            self.fold(self.rows)

    def fold(self, row: int) -> int:
        """Be told that rows have reached the limit; return the row to write next.

        The first time, what is kept stays as it is; from then on each call counts what was written
        since the last one. The caller reads `limit` again.
        """
        if self.raw:
            self.raw, self.kept, self.limit = False, row, 0
            return row
        count, intended, sent = self.count, self.intended, self.sent
        received, slot = self.received, self.slot
        for at in range(self.kept, row):
            count(intended[at], sent[at], received[at], slot[at])
        return self.kept

    def add(self, intended_ns: int, sent_ns: int, received_ns: int, slot: int) -> None:
        """Record one answered request, off the fast path."""
        row = self.rows
        if row >= self.limit:
            if self.raw:
                self.fold(row)
            self.count(intended_ns, sent_ns, received_ns, slot)
            return
        self.intended[row] = intended_ns
        self.sent[row] = sent_ns
        self.received[row] = received_ns
        self.slot[row] = slot
        self.rows = row + 1

    def count(
        self, intended_ns: int, sent_ns: int, received_ns: int, slot: int, times: int = 1
    ) -> None:
        """Count answered requests that share their times into the buckets."""
        if received_ns < self.origin_ns:
            return  # before the first whole step of the warm-up
        index = bucket(received_ns - intended_ns)
        step = (received_ns - self.origin_ns) // self.step_ns
        if received_ns >= self.close_ns:
            step = self.last_step
        self.steps[step * COARSE_BUCKETS + (index >> COARSE_BITS)] += times
        if received_ns < self.open_ns or intended_ns >= self.close_ns:
            return
        heavy, slot = slot < 0, max(slot, ~slot)
        self.replies[slot] += times
        if received_ns < self.close_ns:
            self.counted_in_window += times
            self.counted_heavy += times if heavy else 0
        if heavy and self.open_ns <= intended_ns < self.close_ns:
            self.counts["heavy"][index] += times
        if self.open_ns <= intended_ns < self.close_ns:
            self.counts["response"][index] += times
            if not self.sends_as_intended:
                self.counts["service"][bucket(received_ns - sent_ns)] += times
                self.counts["lag"][bucket(max(0, sent_ns - intended_ns))] += times

    def leave(self, intended_ns: int, sent_ns: int, slot: int) -> None:
        """Record a request that got no reply; sent_ns 0 is one that was not even sent."""
        now_ns = self.drained_ns or self.clock()
        if len(self.unanswered) < 4 * UNANSWERED_MAX:
            self.unanswered.extend((intended_ns, sent_ns, slot, now_ns))
        elif intended_ns < self.close_ns and now_ns >= self.open_ns:
            self.left["all"] += 1
            self.left["sent"] += self.open_ns <= sent_ns < self.close_ns
            if intended_ns >= self.open_ns:
                self._count_left(intended_ns, sent_ns, slot, now_ns)

    def _count_left(self, intended_ns: int, sent_ns: int, slot: int, now_ns: int) -> None:
        """Count a request of the window that was given up, with the age that it has now."""
        counts = self.counts
        counts["left_response"][bucket(now_ns - intended_ns)] += 1
        if slot < 0:
            counts["left_heavy"][bucket(now_ns - intended_ns)] += 1
        if sent_ns:
            counts["left_service"][bucket(now_ns - sent_ns)] += 1
        else:
            self.left["unsent"] += 1
        counts["left_lag"][bucket(max(0, (sent_ns or now_ns) - intended_ns))] += 1
