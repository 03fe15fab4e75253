"""The raw samples of a window, as a file for other tools."""

from pathlib import Path

import numpy as np

from loadgen.columns import Window


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
