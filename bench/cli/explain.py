"""The verdicts in their order, and the limits that they rest on, with their reasons."""

from rich.console import Group
from rich.table import Table
from rich.text import Text

from bench.base import levels, limits, wording
from bench.base.errors import ConfigError
from bench.report.view.run_view import RunView
from bench.verdicts.checks import CHECKS

Words = tuple[str, ...]
VERDICTS: list[Words] = [(check.name, check.when, check.remedy) for check in CHECKS]
VERDICTS.append(("valid", "None of these.", ""))
LIMITS: list[Words] = [
    (name, f"{limit:g}", limit.unit, limit.why, limit.source)
    for name, limit in (limits.TABLE | levels.TABLE).items()
]


def verdicts(only: str = "") -> Table:
    """Return the verdicts in their order, or one of them, for a terminal.

    Raises:
        ConfigError: no verdict has that name
    """
    shown = [words for words in VERDICTS if only in ("", words[0])]
    if not shown:
        names = ", ".join(words[0] for words in VERDICTS)
        raise ConfigError(f"explain {only!r}: is neither a verdict ({names}) nor a run's folder")
    grid = Table(box=None, pad_edge=False, title="verdicts in order", title_justify="left")
    grid.add_column("verdict", no_wrap=True)
    grid.add_column("when")
    grid.add_column("what to do")
    for words in shown:
        grid.add_row(*words)
    return grid


def limits_table() -> Table:
    """Return the limits that the verdicts rest on, for a terminal."""
    numbers = Table(box=None, pad_edge=False, title="limits", title_justify="left")
    numbers.add_column("limit", no_wrap=True)
    numbers.add_column("value", no_wrap=True, justify="right")
    numbers.add_column("of what", max_width=20)
    numbers.add_column("why")
    numbers.add_column("where from", max_width=24)
    for words in LIMITS:
        numbers.add_row(*words)
    return numbers


def cells(view: RunView, server: str) -> Group:
    """Return what holds for each cell of a server of a run, with the numbers that led to it.

    Raises:
        ConfigError: the run has no such server
    """
    from bench.report.sentences import captions

    named = [each for item in view.workloads for each in item.cells if each.server == server]
    if not named:
        names = ", ".join(cell.server for cell in view.servers)
        raise ConfigError(f"explain: {view.run.folder} has no server {server!r}; it has {names}")
    pieces = []
    for item in view.workloads:
        for cell in (each for each in item.cells if each.server == server):
            pieces.append(Text.assemble((f"{item.label}: {cell.verdict.name}", "bold")))
            pieces.append(Text(f"  {captions.described(cell)}"))
            facts = ", ".join(
                f"{name} {_told(value)}" for name, value in cell.verdict.facts.items()
            )
            pieces += [Text(f"  {facts}", style="dim")] if facts else []
    return Group(*pieces)


def _told(value: object) -> str:
    return wording.number(value) if isinstance(value, float) else str(value)


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
