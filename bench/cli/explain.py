"""The verdicts in their order, and the limits behind them, read from the source that uses them."""

import ast
from dataclasses import dataclass
from pathlib import Path

from rich.console import Group
from rich.table import Table

from bench.model.server import ROOT
from bench.verdicts.checks import CHECKS

# The modules whose named numbers decide what is believed.
JUDGES = (
    "bench/verdicts/bounds.py",
    "bench/verdicts/network.py",
    "bench/verdicts/checks.py",
    "bench/verdicts/disturbance.py",
    "bench/analysis/steadiness.py",
    "bench/plan/blocks.py",
    "bench/running/prepare.py",
    "bench/analysis/pairwise.py",
    "bench/analysis/noise_floor.py",
    "bench/comparing/comparison.py",
    "bench/analysis/shrinkage.py",
    "bench/analysis/intervals.py",
    "loadgen/histogram.py",
)


@dataclass(frozen=True)
class Limit:
    """Named numbers that one comment explains: what they are for, and where they come from."""

    numbers: dict[str, str]
    source: str
    where: str


def limits(root: Path = ROOT) -> list[Limit]:
    """Return every named number of the judging modules that a comment explains."""
    return [limit for name in JUDGES for limit in _limits(root / name, name)]


def _limits(path: Path, where: str) -> list[Limit]:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    found: list[Limit] = []
    last = 0
    for node in ast.parse(text).body:
        if not (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)):
            continue
        name, value = node.targets[0].id, ast.unparse(node.value)
        if not name.isupper() or not value[0].isdigit():
            continue
        if comment := _comment_above(lines, node.lineno):
            found.append(Limit({name: value}, comment, where))
        elif found and node.lineno == last + 1:
            found[-1].numbers[name] = value
        last = node.end_lineno or node.lineno
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
    verdicts = Table(box=None, pad_edge=False, title="verdicts in order", title_justify="left")
    verdicts.add_column("verdict", no_wrap=True)
    verdicts.add_column("when")
    verdicts.add_column("what to do")
    for check in CHECKS:
        verdicts.add_row(check.name, check.when, check.remedy)
    verdicts.add_row("valid", "None of these.", "")
    numbers = Table(box=None, pad_edge=False, title="\nlimits", title_justify="left")
    numbers.add_column("limit", no_wrap=True)
    numbers.add_column("value", no_wrap=True, justify="right")
    numbers.add_column("why, and where from")
    numbers.add_column("in", no_wrap=True)
    for limit in limits():
        names, values = "\n".join(limit.numbers), "\n".join(limit.numbers.values())
        numbers.add_row(names, values, limit.source, limit.where)
    return Group(verdicts, numbers)
