"""The verdicts in their order, and the limits behind them, read from the source that uses them."""

import ast
from dataclasses import dataclass
from pathlib import Path

from rich.console import Group
from rich.table import Table

from bench.spec import ROOT

# The modules whose named numbers decide what is believed.
JUDGES = (
    "bench/checks.py",
    "bench/doubts.py",
    "bench/noise.py",
    "bench/steadiness.py",
    "bench/ranking.py",
    "bench/stats.py",
    "loadgen/histogram.py",
    "loadgen/selfcheck.py",
)


@dataclass(frozen=True)
class Limit:
    """A named number, and the comment that says where it comes from."""

    name: str
    value: str
    source: str
    where: str


def limits(root: Path = ROOT) -> list[Limit]:
    """Return every named number of the judging modules that a comment explains."""
    return [limit for name in JUDGES for limit in _limits(root / name, name)]


def _limits(path: Path, where: str) -> list[Limit]:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    found: list[Limit] = []
    for node in ast.parse(text).body:
        if not (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)):
            continue
        name = node.targets[0].id
        value = ast.unparse(node.value)
        if not name.isupper() or not value[0].isdigit():
            continue
        comment = _comment_above(lines, node.lineno)
        # Two limits may stand under one comment.
        comment = comment or (found[-1].source if found else "")
        found.append(Limit(name, value, comment, where))
    return found


def _comment_above(lines: list[str], number: int) -> str:
    above: list[str] = []
    for line in reversed(lines[: number - 1]):
        if not line.startswith("#"):
            break
        above.insert(0, line.removeprefix("#").strip())
    return " ".join(above)


def table() -> Group:
    """Return the verdicts and the limits for a terminal."""
    from bench.checks import CHECKS

    verdicts = Table(box=None, pad_edge=False, title="verdicts in order", title_justify="left")
    verdicts.add_column("verdict", no_wrap=True)
    verdicts.add_column("when")
    verdicts.add_column("what to do")
    for check in CHECKS:
        verdicts.add_row(check.name, (check.finds.__doc__ or "").partition("\n")[0], check.remedy)
    verdicts.add_row("valid", "None of these applies.", "")
    numbers = Table(box=None, pad_edge=False, title="\nlimits", title_justify="left")
    for name in ("limit", "value"):
        numbers.add_column(name, no_wrap=True)
    numbers.add_column("why, and where from")
    numbers.add_column("in", no_wrap=True)
    for limit in limits():
        numbers.add_row(limit.name, limit.value, limit.source, limit.where)
    return Group(verdicts, numbers)
