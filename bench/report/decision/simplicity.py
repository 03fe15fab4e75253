"""What makes a server simple to adopt: no package beside Python, and code that reads downwards."""

from dataclasses import dataclass

from bench.model.header import ServerEntry
from bench.report.drawing.palette import FAMILIES

ALONE, DOWNWARDS = "without a package", "code from top to bottom"
# Whose code is called back: by the readiness of a socket, or by bytes that came.
CALLED_BACK = frozenset({"selectors", "busy-poll", "twisted", "per-core", "native"})
# Styles of the families that have both.
CALLED_BACK_STYLES = ("protocol", "buffered")


@dataclass(frozen=True)
class Simplicity:
    """What a server spares who takes it, and what it does not: of `ALONE` and `DOWNWARDS`."""

    spares: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()


def of(entry: ServerEntry) -> Simplicity:
    """Return it; of what is no model of this house nothing is known, and nothing is said."""
    if entry.command is not None or entry.loop is not None or entry.family not in FAMILIES:
        return Simplicity()
    called_back = entry.family in CALLED_BACK or any(
        style in entry.name for style in CALLED_BACK_STYLES
    )
    holds = {ALONE: not entry.packages, DOWNWARDS: not called_back}
    return Simplicity(
        tuple(what for what, is_so in holds.items() if is_so),
        tuple(what for what, is_so in holds.items() if not is_so),
    )
