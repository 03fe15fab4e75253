"""With which status a command ends: one table for the harness and for the generator alone."""

from enum import IntEnum


class Exit(IntEnum):
    """The exit statuses; `MEANINGS` has them in words."""

    MEASURED = 0
    GATE = 1
    BAD_INPUT = 2
    UNDECIDED = 3
    NOTHING = 4
    DEFECT = 70  # EX_SOFTWARE of sysexits(3)
    INTERRUPTED = 130


MEANINGS = {
    Exit.MEASURED: "done: measured, written, passed",
    Exit.GATE: "a gate of compare or ab fired, or a check of a server failed",
    Exit.BAD_INPUT: "what was asked for cannot be done here; one line says why",
    Exit.UNDECIDED: "a gate could not be judged",
    Exit.NOTHING: "nothing to measure: every cell failed, nobody listens, or wrong bytes came",
    Exit.DEFECT: "a mistake of this program, with a traceback to be reported",
    Exit.INTERRUPTED: "interrupted (Ctrl-C, TERM, HUP): what was measured is written",
}


def in_words() -> str:
    """Return the table as the last lines of a help text."""
    lines = (f"{status.value}  {meaning}" for status, meaning in MEANINGS.items())
    return "Exit status:\n\n" + "\n\n".join(lines)
