"""What is known of B beside A in a cell and a figure: one of three states, and its direction."""

import math
from collections.abc import Iterable
from enum import StrEnum

from bench.analysis import intervals
from bench.analysis.metrics import Metric
from bench.base.estimate import Estimate
from bench.comparing.comparison import Row


class Change(StrEnum):
    """How B stands to A: apart in one direction, tied, or nothing is known."""

    BETTER = "better"
    WORSE = "worse"
    TIED = "tied"  # the interval holds 1, or no more than the noise floor
    INCOMPARABLE = "not comparable"  # a bound, one trial, no figure that stands


def of(row: Row, figure: Metric) -> Change:
    """Return it for a figure of a cell; a ratio beyond the level of all of them counts alone."""
    ratio = row.ratios.get(figure.name)
    if not row.comparable or ratio is None or ratio.low is None:
        return Change.INCOMPARABLE
    if row.surely_changed(figure):
        return Change.BETTER if (ratio.value > 1) == figure.more_is_better else Change.WORSE
    return Change.INCOMPARABLE if any(row.may_be(figure)) else Change.TIED


def overall(rows: Iterable[Row], figure: Metric) -> Estimate | None:
    """Return the geometric mean of the ratios of all cells that can be compared.

    With the interval over cells: what another choice of servers and workloads would have given.
    """
    ratios = [
        row.ratios[figure.name].value
        for row in rows
        if of(row, figure) is not Change.INCOMPARABLE
        and math.isfinite(row.ratios[figure.name].value)
    ]
    return intervals.geometric(ratios)
