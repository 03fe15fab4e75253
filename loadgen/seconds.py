"""Times of a command line, in seconds."""

import re
from typing import Any

import typer

UNITS_S = {"": 1.0, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
WRITTEN = re.compile(
    r"([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?) ?([a-z]*)", re.ASCII | re.IGNORECASE
)


def seconds(written: str | float) -> float:
    """Read `2`, `1.5s`, `500ms`, `10m` or `1h`.

    Raises:
        typer.BadParameter: it is none, saying what one is
    """
    found = WRITTEN.fullmatch(str(written))
    if found is None or found[2] not in UNITS_S:
        words = f"{written!r} is no time; write seconds, or a time such as 500ms, 2s, 10m, 1h"
        raise typer.BadParameter(words)
    return float(found[1]) * UNITS_S[found[2]]


def time_option(text: str, panel: str | None = None) -> Any:
    """Return an option that is a time in seconds, or with its unit."""
    return typer.Option(help=text, rich_help_panel=panel, parser=seconds, metavar="TIME")
