"""The verdicts in their order, and the limits that they rest on, with their reasons."""

from rich.console import Group
from rich.table import Table

from bench.base import levels, limits
from bench.verdicts.checks import CHECKS

Words = tuple[str, ...]
VERDICTS: list[Words] = [(check.name, check.when, check.remedy) for check in CHECKS]
VERDICTS.append(("valid", "None of these.", ""))
LIMITS: list[Words] = [
    (name, f"{limit:g}", limit.unit, limit.why, limit.source)
    for name, limit in (limits.TABLE | levels.TABLE).items()
]


def table() -> Group:
    """Return the verdicts and the limits for a terminal."""
    verdicts = Table(box=None, pad_edge=False, title="verdicts in order", title_justify="left")
    verdicts.add_column("verdict", no_wrap=True)
    verdicts.add_column("when")
    verdicts.add_column("what to do")
    for words in VERDICTS:
        verdicts.add_row(*words)
    numbers = Table(box=None, pad_edge=False, title="\nlimits", title_justify="left")
    numbers.add_column("limit", no_wrap=True)
    numbers.add_column("value", no_wrap=True, justify="right")
    numbers.add_column("of what", max_width=20)
    numbers.add_column("why")
    numbers.add_column("where from", max_width=24)
    for words in LIMITS:
        numbers.add_row(*words)
    return Group(verdicts, numbers)


def markdown() -> str:
    """Return the same as docs/limits.md has it."""
    lines = [
        "# Verdicts and limits",
        "",
        "What `bench explain` prints; a test holds the two equal.",
    ]
    lines += ["", "## Verdicts in order", "", "The first that applies is the cell's verdict.", ""]
    lines += _rows(("verdict", "when", "what to do"), VERDICTS)
    lines += ["", "## Limits", "", "*Chosen* is what nobody measured or derived.", ""]
    lines += _rows(("limit", "value", "of what", "why", "where from"), LIMITS)
    return "\n".join(lines) + "\n"


def _rows(head: tuple[str, ...], rows: list[Words]) -> list[str]:
    lines = [head, tuple("---" for _ in head), *rows]
    return ["| " + " | ".join(cells) + " |" for cells in lines]
