"""Of a mixture: what became of the requests that asked for work, and of those beside them."""

from typing import Any

import numpy as np

from loadgen.columns import Window
from loadgen.histogram import Distribution, bucketed
from loadgen.result import RequestClass


def told_apart(window: Window) -> dict[str, Any]:
    """Return the two classes as `light` and `heavy`; nothing of a load that is no mixture."""
    if not window.parts[0].mixture:
        return {}
    return {name: _class(window, heavy=name == "heavy") for name in ("light", "heavy")}


def _class(window: Window, *, heavy: bool) -> RequestClass:
    response = _response(window, heavy=heavy)
    _, _, received, _, asked = window.rows
    inside = (received >= window.open_ns) & (received < window.close_ns)
    replies = int((inside & (asked == heavy)).sum())
    for part in window.parts:
        of_heavy = int(part.facts["counted_heavy"])
        replies += of_heavy if heavy else int(part.facts["counted_in_window"]) - of_heavy
    return RequestClass(
        response.size,
        replies / window.length_s,
        response.summary_us(),
        response.encode(),
    )


def _response(window: Window, *, heavy: bool) -> Distribution:
    """Return the response times of one class, requests without a reply included with their age."""
    rows, lost = window.cohort, window.cohort_unanswered
    mine, mine_lost = rows[4] == heavy, lost[3] == heavy
    values = np.concatenate([(rows[2] - rows[0])[mine], window.ended_ns - lost[0][mine_lost]])
    if window.raw and not window.left("all"):
        return Distribution.of(values)
    counts = window.counted("heavy") + window.counted("left_heavy")
    if not heavy:
        counts = window.counted("response") + window.counted("left_response") - counts
    return Distribution(counts + bucketed(values))
