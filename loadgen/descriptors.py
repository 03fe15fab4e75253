"""Standard descriptors that are closed, opened before anything else takes their numbers."""

import os
import sys

STANDARD = ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w"))


def open_standard_descriptors() -> None:
    """Open /dev/null on 0, 1 and 2 where they are closed (`<&-`, `>&-`, `2>&-`).

    Else the next socket or pipe gets such a number, and a child process that is given its own
    standard input finds it replaced: "Socket operation on non-socket". Call this first.
    """
    for number, name, mode in STANDARD:
        try:
            os.fstat(number)
        except OSError:
            _open(number)
        # Python found it closed as it started, and has no stream for it.
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def _open(number: int) -> None:
    opened = os.open(os.devnull, os.O_RDWR)
    if opened == number:
        os.set_inheritable(opened, True)
    else:
        os.dup2(opened, number)
        os.close(opened)
