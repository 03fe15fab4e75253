"""A cell over runs: a dot with its interval for each, and a mark where it took a step."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bench.base.estimate import Estimate
from bench.history.timeline import Series, Timeline
from bench.report.over_runs import words

# As wide as a phone shows it, so that what is written there can be read.
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 420, 72, 68, 10, 12, 8
# Two texts beside the scale need as much between them.
LINE = 11
# Two texts beside the scale need as much between them.
LINE = 11
# However still a series is, its scale goes this far to either side: noise is not to look like news.
LEAST = 1.05
ROOM = 1.03


@dataclass(frozen=True)
class Scale:
    """Where values and runs stand: a logarithmic scale about the middle of a series."""

    middle: float
    reach: float
    runs: int

    def height(self, value: float) -> float:
        """Return the place of a value, from the top."""
        share = math.log(value / self.middle) / math.log(self.reach)
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - share) / 2, 1)

    def across(self, run: int) -> float:
        """Return the place of a run, from the left."""
        return round(LEFT + 6 + (WIDTH - LEFT - RIGHT - 12) * run / max(1, self.runs - 1), 1)


def scale(series: Series, runs: int) -> Scale:
    """Return the scale on which all of a series, its intervals too, can be seen."""
    ends = [end for point in series.points for end in _ends(point.value)]
    middle = math.sqrt(min(ends) * max(ends))
    return Scale(middle, max(LEAST, max(ends) / middle) * ROOM, runs)


def of(timeline: Timeline, series: Series) -> dict[str, Any]:
    """Return what a page draws of a cell; places in pixels of a drawing of WIDTH by HEIGHT."""
    on = scale(series, len(timeline.runs))
    points = [
        {
            "x": on.across(point.run),
            "y": on.height(point.value.value),
            "low": on.height(_ends(point.value)[0]),
            "high": on.height(_ends(point.value)[-1]),
            "bound": point.bound,
            "tip": f"{words.when(timeline, point.run)}: {words.point(series.figure, point)}",
        }
        for point in series.points
    ]
    return {
        "server": series.cell.server,
        "last": words.point(series.figure, series.points[-1]),
        "steps": words.steps(timeline, series),
        "points": points,
        "line": " ".join(f"{point['x']},{point['y']}" for point in points),
        "ticks": list(_ticks(series, on)),
        "marks": [
            {
                "x": on.across(step.at),
                "kind": "better" if step.better else "worse",
                "tip": words.step(timeline, step),
            }
            for step in series.steps
        ],
    }


def _ticks(series: Series, on: Scale) -> Iterator[tuple[float, str]]:
    """Yield the highest value and, where there is room for both, the lowest."""
    values = [point.value.value for point in series.points]
    highest, lowest = on.height(max(values)), on.height(min(values))
    yield highest, words.value(series.figure, Estimate(max(values)))
    if lowest - highest >= LINE:
        yield lowest, words.value(series.figure, Estimate(min(values)))


def _ends(value: Estimate) -> tuple[float, ...]:
    known = (value.low, value.value, value.high)
    return tuple(end for end in known if end is not None and end > 0)
