"""What each side of a demonstration has come to so far: values that are drawn and told."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from bench.analysis import intervals, metrics
from bench.analysis.metrics import ByBlock
from bench.base import wording
from bench.model.trial import Trial
from loadgen.result import Result

# A column of a drawing, from empty to full; and for a terminal without such letters.
STEPS = " ▁▂▃▄▅▆▇█"
STEPS_PLAIN = " _.:-=+*#"


@dataclass(frozen=True)
class Standing:
    """One side: a server, its trials so far.

    summary: what it is, in a line
    """

    server: str
    summary: str
    trials: tuple[Trial, ...] = ()

    @property
    def results(self) -> list[Result]:
        """Return what was seen of each trial that was measured."""
        return [trial.result for trial in self.trials if trial.result is not None]

    @cached_property
    def figures(self) -> ByBlock:
        """Return the metrics of its trials by block."""
        return metrics.by_block(self.trials)

    def mean(self, column: str) -> float | None:
        """Return the geometric mean of a column, as reports have it; None without figures."""
        found = intervals.geometric(list(metrics.values(self.figures, column).values()))
        return None if found is None else found.value

    @property
    def paces(self) -> list[float]:
        """Return the replies per second of each 100 ms of its windows, one after the other."""
        return [
            count / result.series.step_s
            for result in self.results
            for count in result.series.replies
        ]

    @property
    def served(self) -> tuple[int, int] | None:
        """Return how many clients it answered in its last trial, and of how many."""
        if not self.results:
            return None
        last = self.results[-1]
        return last.connections - last.connections_without_reply, last.connections

    @property
    def trouble(self) -> str:
        """Return what went wrong in its last trial, in a line; empty if nothing did."""
        return self.trials[-1].reason.partition("\n")[0] if self.trials else ""

    @property
    def rows(self) -> list[tuple[str, str]]:
        """Return its figures so far, with the name of each; a dash for what there is none of."""
        served = "-" if self.served is None else "{} of {} answered".format(*self.served)
        return [
            ("requests/s", _told(self.mean("throughput_rps"), wording.number)),
            ("p50", _told(self.mean("p50_us"), wording.duration)),
            ("p99", _told(self.mean("p99_us"), wording.duration)),
            ("clients", served),
            ("CPU/request", _told(self.mean("cpu_us_per_request"), wording.duration)),
        ]


def columns(
    paces: Sequence[float], top: float, width: int, height: int, steps: str = STEPS
) -> list[str]:
    """Return the last paces as so many lines, a column each, from nothing to `top`.

    What is more than nothing is seen.
    """
    full = len(steps) - 1
    last = paces[-width:] if width > 0 and top > 0 else []
    filled = [min(height * full, math.ceil(height * full * pace / top)) for pace in last]
    below = (full * (height - 1 - row) for row in range(height))
    return ["".join(steps[min(full, max(0, f - under))] for f in filled) for under in below]


def line(side: Standing) -> str:
    """Return the last trial of a side as one line, for where nothing can be drawn over."""
    if not side.results or side.trials[-1].result is None:
        return f"{side.server}: {side.trouble or 'nothing was measured'}"
    last = Standing(side.server, side.summary, side.trials[-1:])
    told = dict(last.rows)
    return (
        f"{side.server}: {told['requests/s']} requests/s, p50 {told['p50']}, p99 {told['p99']}, "
        f"{told['clients']}, {told['CPU/request']} of CPU a request"
    )


def _told(value: float | None, write: Callable[[float], str]) -> str:
    return "-" if value is None else write(value)
