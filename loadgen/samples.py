"""The raw samples of a window, as a file for other tools."""

import contextlib
from pathlib import Path
from typing import IO

import numpy as np

from loadgen.columns import Window


def save(window: Window, path: Path) -> None:
    """Save the rows of a window, or nothing where they cannot be written.

    A result does not depend on them, and is worth more than they are.
    """
    try:
        with path.open("wb") as file:
            write(window, file)
    except OSError:
        with contextlib.suppress(OSError):
            path.unlink()


def write(window: Window, file: IO[bytes]) -> None:
    """Write columns of int64, times in nanoseconds since the window opened.

    Of a mixture, which requests asked for work as well (1, or 0).
    """
    intended, sent, received, slot, *heavy = window.rows
    lost_intended, lost_sent, lost_slot, *lost_heavy = window.unanswered
    start = window.open_ns
    classes = {"heavy": heavy[0], "unanswered_heavy": lost_heavy[0]} if heavy else {}
    np.savez(
        file,
        intended_ns=intended - start,
        sent_ns=sent - start,
        received_ns=received - start,
        connection=slot,
        unanswered_intended_ns=lost_intended - start,
        unanswered_sent_ns=np.where(lost_sent > 0, lost_sent - start, np.iinfo(np.int64).min),
        unanswered_connection=lost_slot,
        **classes,
    )
