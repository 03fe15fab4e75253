"""The ratios of two sides, a dot with its interval for each cell, around 1."""

import math
from collections.abc import Sequence

from bench.analysis.metrics import Metric
from bench.base import wording
from bench.base.estimate import Estimate
from bench.comparing import decisions
from bench.comparing.comparison import Row

ROW, NAMES, WIDTH, FOOT = 20, 260, 420, 26
TICKS = (0.1, 0.2, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.25, 1.5, 2.0, 5.0, 10.0)
TICKS_MOST = 7
LEAST = 1.05


def of(rows: Sequence[Row], figure: Metric) -> dict[str, object] | None:
    """Return what a page draws of a figure, places in pixels; None where no cell has a ratio."""
    known = [
        (row, ratio) for row in rows if row.comparable and (ratio := row.ratios.get(figure.name))
    ]
    if not known:
        return None
    reach = max([LEAST, *(max(end, 1 / end) for _, ratio in known for end in _ends(ratio))]) * 1.02

    def place(value: float) -> float:
        share = math.log(value) / math.log(reach)
        return round(NAMES + WIDTH * (1 + min(1.0, max(-1.0, share))) / 2, 1)

    ticks = [tick for tick in TICKS if 1 / reach <= tick <= reach]
    step = -(-len(ticks) // TICKS_MOST)
    return {
        "title": figure.title,
        "better": "more is better" if figure.more_is_better else "less is better",
        "width": NAMES + WIDTH + 10,
        "height": ROW * len(known) + FOOT,
        "foot": ROW * len(known) + 4,
        "one": place(1.0),
        "ticks": [(place(tick), f"{tick:g}") for tick in ticks[ticks.index(1.0) % step :: step]],
        "rows": [
            {
                "y": ROW * at + ROW / 2,
                "name": wording.shortened(f"{row.cell.server}, {row.label}", 36),
                "at": place(ratio.value),
                "low": place(_ends(ratio)[0]),
                "high": place(_ends(ratio)[-1]),
                "kind": kind.name.lower(),
                "tip": f"{row.cell.server}, {row.label}: {wording.ranged(ratio)}, {kind}",
            }
            for at, (row, ratio) in enumerate(known)
            for kind in [decisions.of(row, figure)]
        ],
    }


def _ends(ratio: Estimate) -> tuple[float, ...]:
    known = (ratio.low, ratio.value, ratio.high)
    return tuple(end for end in known if end is not None and end > 0)
