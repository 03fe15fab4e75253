"""The columns of all processes, read back and cut to the window."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loadgen.histogram import Column, Distribution
from loadgen.part import Part
from loadgen.recorder import SERIES_NS


class Columns:
    """One process's columns by name, and the instants of its window."""

    def __init__(self, part: Part, first_slot: int) -> None:
        """Read the file; slots are numbered through over all processes."""
        # Mapped, not read: five million rows are 160 MB, and most of it is copied once only.
        data: Column = np.memmap(part.path, dtype=np.int64, mode="r")
        self.facts = part.facts
        self.first_slot = first_slot
        self.open_ns: int = part.facts["before"]["at_ns"]
        self.close_ns: int = part.facts["after"]["at_ns"]
        self.column: dict[str, Column] = {}
        at = 0
        for name, length in part.facts["columns"].items():
            self.column[name] = data[at : at + length]
            at += length

    def rows(self, open_ns: int, close_ns: int) -> tuple[Column, Column]:
        """Return intended, sent, received, slot (4 x n) of the answered requests: window, warm-up.

        In the window are those that were due before its close and answered after its opening.
        """
        intended, received = self.column["intended"], self.column["received"]
        inside = (received >= open_ns) & (intended < close_ns)
        before = (received > 0) & (received < open_ns)
        return self._chosen(inside), self._chosen(before)

    def _chosen(self, which: NDArray[np.bool_]) -> Column:
        rows = np.empty((4, np.count_nonzero(which)), dtype=np.int64)
        for row, name in zip(rows, ("intended", "sent", "received", "slot"), strict=True):
            np.compress(which, self.column[name], out=row)
        rows[3] += self.first_slot
        return rows

    def unanswered(self) -> Column:
        """Return intended, sent, slot (3 x n) of the window's requests that got no reply.

        Those that were given up in the warm-up are the warm-up's.
        """
        intended, sent, slot, left = self.column["unanswered"].reshape(-1, 4).T
        inside = (intended < self.close_ns) & (left >= self.open_ns)
        return np.stack([intended, sent, slot + self.first_slot])[:, inside]


@dataclass(frozen=True)
class Window:
    """What happened in the window, over all processes.

    response, service, lag: of requests intended in the window, or outstanding when it opened;
        those without a reply are in them with the age that they had at the end of the drain
    rows: intended, sent, received, slot (4 x n) of the answered ones; empty if buckets were kept
    warmup: the same of the warm-up
    """

    parts: list[Columns]
    raw: bool
    length_s: float
    replies: int
    sends: int
    rows: Column
    warmup: Column
    unanswered: Column
    replies_per_connection: Column
    response: Distribution
    service: Distribution
    lag: Distribution

    @property
    def open_ns(self) -> int:
        """Return when the first process's window opened."""
        return min(part.open_ns for part in self.parts)

    @property
    def unsent(self) -> int:
        """Return how many requests were due in the window and never sent."""
        return int((self.unanswered[1] == 0).sum())

    def answered_mean_ns(self) -> float:
        """Return the mean response time of the answered requests."""
        if self.raw:
            return float((self.rows[2] - self.rows[0]).mean())
        counts = np.sum([part.column["response"] for part in self.parts], axis=0)
        return Distribution(counts).mean_ns()

    def connects_ns(self, *, churn: bool) -> Column:
        """Return how long connects took: those of the window in churn, else the initial ones."""
        if churn:
            return self._in_window("dialled_at", "dial")
        return np.concatenate([part.column["dial"] for part in self.parts])

    def lives_ns(self) -> Column:
        """Return how long connections lived that ended in the window, from dial to next dial."""
        return self._in_window("lived_at", "life")

    def _in_window(self, at: str, name: str) -> Column:
        return np.concatenate(
            [
                part.column[name][
                    (part.column[at] >= part.open_ns) & (part.column[at] < part.close_ns)
                ]
                for part in self.parts
            ]
        )

    def series(self) -> dict[str, object]:
        """Return replies, and percentiles of response time in µs, per 100 ms of the window."""
        steps = max(1, round(self.length_s * 1e9 / SERIES_NS))
        if not self.raw:
            counts = sum(np.resize(part.column["series"], steps) for part in self.parts)
            nothing: list[float | None] = [None] * steps
            replies = np.asarray(counts).tolist()
            return _series(replies, nothing, nothing)
        return _series_of(self.rows, self.open_ns, steps)

    def warmup_series(self) -> dict[str, object]:
        """Return the same of the warm-up, in whole steps back from where the window opens.

        What does not fill a step at its start is left out; empty if buckets were kept.
        """
        if not self.warmup.size:
            return _series([], [], [])
        start_ns = min(part.facts["started_ns"] for part in self.parts)
        steps = (self.open_ns - start_ns) // SERIES_NS
        return _series_of(self.warmup, self.open_ns - steps * SERIES_NS, steps)


def _series_of(rows: Column, start_ns: int, steps: int) -> dict[str, object]:
    # Steps are counted from 1: what came before the first is in 0, and what came after the last, in
    # the drain, in one behind it. A stable sort of small integers takes no comparisons.
    step = np.clip((rows[2] - start_ns) // SERIES_NS, -1, steps) + 1
    step = step.astype(np.min_scalar_type(steps + 1))
    response = (rows[2] - rows[0])[np.argsort(step, kind="stable")]
    ends = np.cumsum(np.bincount(step, minlength=steps + 2))
    parts = [np.sort(part) for part in np.split(response, ends)[1 : steps + 1]]
    return _series(
        [len(part) for part in parts],
        [float(part[len(part) // 2]) / 1e3 if len(part) else None for part in parts],
        [float(part[int(len(part) * 0.99)]) / 1e3 if len(part) else None for part in parts],
    )


def _series(
    replies: list[int], p50_us: list[float | None], p99_us: list[float | None]
) -> dict[str, object]:
    return {"step_s": SERIES_NS / 1e9, "replies": replies, "p50_us": p50_us, "p99_us": p99_us}


def read(parts: list[Part]) -> Window:
    """Read what all processes saw."""
    columns, first_slot = [], 0
    for part in parts:
        columns.append(Columns(part, first_slot))
        first_slot += part.facts["connections"]
    ended_ns = max(part.facts["ended_ns"] for part in parts)
    open_ns = min(part.open_ns for part in columns)
    close_ns = max(part.close_ns for part in columns)
    shares = [part.rows(open_ns, close_ns) for part in columns]
    rows, warmup = (_joined([share[place] for share in shares]) for place in (0, 1))
    unanswered = np.concatenate([part.unanswered() for part in columns], axis=1)
    raw = all(part.facts["raw"] for part in parts)
    if raw:
        per_connection = np.bincount(rows[3], minlength=first_slot)
        replies = int((rows[2] < close_ns).sum())
        sends = int(((rows[1] >= open_ns) & (rows[1] < close_ns)).sum())
    else:
        per_connection = np.concatenate([part.column["replies"] for part in columns])
        replies = sum(part.facts["replies"] for part in parts)
        sends = int(per_connection.sum())
    sends += int((unanswered[1] >= open_ns).sum())
    return Window(
        parts=columns,
        raw=raw,
        length_s=(close_ns - open_ns) / 1e9,
        replies=replies,
        sends=sends,
        rows=rows,
        warmup=warmup,
        unanswered=unanswered,
        replies_per_connection=per_connection,
        **_distributions(columns, rows, unanswered, ended_ns, raw=raw),
    )


def _joined(tables: list[Column]) -> Column:
    return tables[0] if len(tables) == 1 else np.concatenate(tables, axis=1)


def save(window: Window, path: Path) -> None:
    """Save the rows of a window: columns of int64, times in nanoseconds since it opened."""
    intended, sent, received, slot = window.rows
    lost_intended, lost_sent, lost_slot = window.unanswered
    start = window.open_ns
    np.savez(
        path,
        intended_ns=intended - start,
        sent_ns=sent - start,
        received_ns=received - start,
        connection=slot,
        unanswered_intended_ns=lost_intended - start,
        unanswered_sent_ns=np.where(lost_sent > 0, lost_sent - start, np.iinfo(np.int64).min),
        unanswered_connection=lost_slot,
    )


def _distributions(
    columns: list[Columns], rows: Column, unanswered: Column, ended_ns: int, *, raw: bool
) -> dict[str, Distribution]:
    """Return response, service and lag, with the ages of the unanswered requests in them."""
    if raw:
        answered = {
            "response": Distribution.of(rows[2] - rows[0]),
            "service": Distribution.of(rows[2] - rows[1]),
            "lag": Distribution.of(rows[1] - rows[0]),
        }
    else:
        answered = {
            name: Distribution(np.sum([part.column[name] for part in columns], axis=0))
            for name in ("response", "service", "lag")
        }
    intended, sent = unanswered[0], unanswered[1]
    was_sent = sent > 0
    ages = {
        "response": ended_ns - intended,
        "service": ended_ns - sent[was_sent],
        "lag": np.where(was_sent, sent, ended_ns) - intended,
    }
    return {name: answered[name].with_values(ages[name]) for name in ages}
