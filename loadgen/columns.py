"""The columns of all processes, read back and cut to the window."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from loadgen.histogram import Column, Distribution, bucketed, indexes, lows
from loadgen.mapped import Columns, joined
from loadgen.part import Part
from loadgen.recorder import BUCKETS, COARSE_BITS, COARSE_BUCKETS
from loadgen.result import Series


@dataclass(frozen=True)
class Window:
    """What happened in the window, over all processes; times in ns of the monotonic clock.

    raw: whether every row was kept; if not, what came beyond the budget is in buckets alone
    ended_ns: when the drain was over, which is the age of what is still unanswered
    rows: intended, sent, received, slot (4 x n) of answered requests that were intended in the
        window or received in it; of a mixture whether each asked for work, too (5 x n)
    unanswered: intended, sent, slot (3 x n, or 4) of those that were outstanding in it
    """

    parts: list[Columns]
    raw: bool
    open_ns: int
    close_ns: int
    ended_ns: int
    rows: Column
    unanswered: Column

    @property
    def length_s(self) -> float:
        """Return how long it was open."""
        return (self.close_ns - self.open_ns) / 1e9

    @cached_property
    def cohort(self) -> Column:
        """Return the rows of the requests that were intended in the window, whatever their end."""
        inside = (self.rows[0] >= self.open_ns) & (self.rows[0] < self.close_ns)
        return self.rows if inside.all() else self.rows[:, inside]

    @cached_property
    def cohort_unanswered(self) -> Column:
        """Return those intended in the window that were never answered."""
        return self.unanswered[:, self.unanswered[0] >= self.open_ns]

    @cached_property
    def replies(self) -> int:
        """Return how many replies came in the window."""
        received = self.rows[2]
        inside = (received >= self.open_ns) & (received < self.close_ns)
        return int(inside.sum()) + sum(int(p.facts["counted_in_window"]) for p in self.parts)

    @cached_property
    def replies_per_connection(self) -> Column:
        """Return the replies of each connection from the opening of the window on."""
        counted = np.concatenate([part.column["replies"] for part in self.parts])
        late = self.rows[3][self.rows[2] >= self.open_ns]
        return np.asarray(counted + np.bincount(late, minlength=counted.size))

    @cached_property
    def sends(self) -> int:
        """Return how many requests were sent in the window."""
        sent = np.concatenate([self.rows[1], self.unanswered[1]])
        inside = (sent >= self.open_ns) & (sent < self.close_ns)
        # Of those in buckets the intention is known, in the window.
        counted = sum(int(part.column["response"].sum()) for part in self.parts)
        return int(inside.sum()) + counted + self.left("sent")

    @cached_property
    def unsent(self) -> int:
        """Return how many requests were due in the window and never sent."""
        return int((self.cohort_unanswered[1] == 0).sum()) + self.left("unsent")

    def left(self, which: str) -> int:
        """Return how many unanswered requests were only counted: `all`, `sent` or `unsent`."""
        return sum(int(part.facts["left"][which]) for part in self.parts)

    def counted(self, name: str) -> Column:
        """Return a column of counts, added up over the processes."""
        return np.asarray(np.sum([part.column[name] for part in self.parts], axis=0))

    def distribution(self, kind: str) -> Distribution:
        """Return `response`, `service` or `lag` of the cohort, unanswered requests included.

        Those have the age that they had at the end of the drain; or when they were given up, of the
        ones that were only counted.
        """
        intended, sent, received = self.cohort[:3]
        if kind == "response":
            values = received - intended
        else:
            values = received - sent if kind == "service" else sent - intended
        ages = self._ages(kind)
        if self.raw and not self.left("all"):
            return Distribution.of(np.concatenate([values, ages]) if ages.size else values)
        shared = kind == "service" and self.parts[0].facts["sends_as_intended"]
        counts = self.counted("response" if shared else kind)
        if kind == "lag" and self.parts[0].facts["sends_as_intended"]:
            counts = counts.copy()
            counts[0] += int(self.counted("response").sum())
        counts = counts + self.counted(f"left_{kind}")
        return Distribution(counts + bucketed(np.concatenate([values, ages])))

    def _ages(self, kind: str) -> Column:
        intended, sent = self.cohort_unanswered[:2]
        was_sent = sent > 0
        if kind == "response":
            return np.asarray(self.ended_ns - intended)
        if kind == "service":
            return np.asarray(self.ended_ns - sent[was_sent])
        return np.asarray(np.where(was_sent, sent, self.ended_ns) - intended)

    @property
    def answered(self) -> Distribution:
        """Return the response times of the cohort's answered requests."""
        values = self.cohort[2] - self.cohort[0]
        if self.raw:
            return Distribution.of(values)
        return Distribution(self.counted("response") + bucketed(values))

    def answered_mean_ns(self) -> float:
        """Return the mean response time of the cohort's answered requests."""
        known = int(self.cohort.shape[1])
        total = float((self.cohort[2] - self.cohort[0]).sum())
        if not self.raw:
            counts = self.counted("response")
            known += int(counts.sum())
            total += float((lows(np.arange(BUCKETS)) * counts).sum())
        return total / known if known else 0.0

    @property
    def connects(self) -> Distribution:
        """Return how long connects took: those of the window in churn, else the initial ones."""
        return Distribution(self.counted("connects"))

    # The course

    @cached_property
    def step_ns(self) -> int:
        """Return how long a step of the course is."""
        return int(self.parts[0].facts["step_ns"])

    @cached_property
    def steps(self) -> tuple[int, int]:
        """Return how many whole steps there are before the window, and steps in it."""
        before = int(self.parts[0].facts["steps_before"])
        return before, int(self.parts[0].facts["steps_inside"])

    @cached_property
    def _coarse(self) -> Column:
        """Return replies by step and coarse bucket of their response, of what was counted."""
        return self.counted("steps").reshape(-1, COARSE_BUCKETS)

    def course(self) -> tuple[Series, Series]:
        """Return the course of the warm-up and that of the window.

        Steps count whole ones back from where the window opens; what does not fill one at the start
        of the warm-up is left out, and what does not at the end of the window.
        """
        before, inside = self.steps
        start_ns = self.open_ns - before * self.step_ns
        stamps, responses = self._between(start_ns, self.close_ns)
        step = (stamps - start_ns) // self.step_ns
        step = np.minimum(step, before + inside - 1).astype(np.min_scalar_type(before + inside))
        response = responses[np.argsort(step, kind="stable")]
        ends = np.cumsum(np.bincount(step, minlength=before + inside))
        parts = np.split(response, ends)[: before + inside]
        counted = self._coarse
        described = [_step(part, counts) for part, counts in zip(parts, counted, strict=False)]
        whole = max(1, (self.close_ns - self.open_ns) // self.step_ns)
        window = described[before : before + whole]
        return self._series(described[:before]), self._series(window)

    def _series(self, steps: list[tuple[int, float | None, float | None]]) -> Series:
        columns = zip(*steps, strict=True) if steps else ((), (), ())
        return Series(self.step_ns / 1e9, *map(tuple, columns))

    def _between(self, start_ns: int, end_ns: int) -> tuple[Column, Column]:
        """Return when replies of a span came, and their response times; of the rows that stand."""
        tables = [
            part.rows(lambda _, received: (received >= start_ns) & (received < end_ns))
            for part in self.parts
        ]
        rows = joined(tables)
        return rows[2], rows[2] - rows[0]

    def replies_between(self, start_ns: int, end_ns: int) -> float:
        """Return how many replies came between two instants near the edges of the window.

        Of what was counted only the steps are known: within one, they are taken as even.
        """
        stamps, _ = self._between(start_ns, end_ns)
        return stamps.size + self._counted_before(end_ns) - self._counted_before(start_ns)

    def _counted_before(self, at_ns: int) -> float:
        before, inside = self.steps
        per_step = self._coarse.sum(axis=1)
        edges = self.open_ns + (np.arange(before + inside + 1) - before) * self.step_ns
        edges[-1] = self.close_ns
        cumulated = np.concatenate([[0], np.cumsum(per_step[: before + inside])])
        if at_ns <= self.close_ns:
            return float(np.interp(at_ns, edges, cumulated))
        # Beyond the close at the pace of the window: what is drained is less than what was offered.
        inside_count = cumulated[-1] - cumulated[before]
        return float(cumulated[-1] + inside_count * (at_ns - self.close_ns) / 1e9 / self.length_s)


def _step(part: Column, counts: Column) -> tuple[int, float | None, float | None]:
    """Return the replies of a step, and their p50 and p99 in microseconds."""
    counted = int(counts.sum())
    total = len(part) + counted
    if not total:
        return 0, None, None
    if not counted:
        ordered = np.sort(part)
        places = (ordered[total // 2], ordered[int(total * 0.99)])
        return total, float(places[0]) / 1e3, float(places[1]) / 1e3
    own = np.bincount(indexes(part) >> COARSE_BITS, minlength=COARSE_BUCKETS)
    cumulated = np.cumsum(counts + own)
    found = np.searchsorted(cumulated, [total // 2 + 1, min(total, int(total * 0.99) + 1)])
    values = lows(found << COARSE_BITS) / 1e3
    return total, float(values[0]), float(values[1])


def read(parts: list[Part]) -> Window:
    """Read what all processes saw; the window is the plan's, and so the same for all."""
    columns, first_slot = [], 0
    for part in parts:
        columns.append(Columns(part, first_slot))
        first_slot += part.facts["connections"]
    open_ns, close_ns = (int(parts[0].facts[name]) for name in ("open_ns", "close_ns"))

    def touches(intended: Column, received: Column) -> NDArray[np.bool_]:
        return (received >= open_ns) & (intended < close_ns)

    return Window(
        parts=columns,
        raw=all(part.facts["raw"] for part in parts),
        open_ns=open_ns,
        close_ns=close_ns,
        ended_ns=max(part.facts["ended_ns"] for part in parts),
        rows=joined([part.rows(touches) for part in columns]),
        unanswered=joined([part.unanswered(open_ns, close_ns) for part in columns]),
    )
