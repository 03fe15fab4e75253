"""Limits on the ratios of two runs, for a pipeline: which of them a run is beyond."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bench.analysis.metrics import METRICS
from bench.base import wording
from bench.base.errors import ConfigError
from bench.base.estimate import Estimate
from bench.comparing.comparison import Comparison, Row


@dataclass(frozen=True)
class Gate:
    """A limit of B / A that a run must not be beyond: `throughput < 0.95`, `p99 > 1.10`."""

    figure: str
    below: bool
    limit: float

    def __str__(self) -> str:
        """Return the form that `parse_gate` reads."""
        return f"{self.figure} {'<' if self.below else '>'} {self.limit:g}"

    def fires(self, ratio: Estimate) -> bool:
        """Tell if the whole interval lies beyond the limit; never without an interval."""
        if ratio.low is None or ratio.high is None:
            return False
        return ratio.high < self.limit if self.below else ratio.low > self.limit


def parse_gate(text: str) -> Gate:
    """Read a gate as users write it; raises ConfigError."""
    match = re.fullmatch(r"\s*([a-z0-9]+)\s*([<>])\s*([0-9]*\.?[0-9]+)\s*", text)
    if match is None or match[1] not in METRICS or float(match[3]) <= 0:
        raise ConfigError(
            f"gate {text!r}: write a figure, < or >, and a ratio, such as 'throughput < 0.95' or "
            f"'p99 > 1.10'; figures are {', '.join(METRICS)}"
        )
    return Gate(match[1], match[2] == "<", float(match[3]))


def fired(comparison: Comparison, gates: Sequence[Gate]) -> list[str]:
    """Return a sentence for each gate that a cell is beyond, empty if none is.

    A cell whose figures stood for its server in A and no longer do in B is beyond any gate.
    """
    sentences = []
    for row in comparison.rows if gates else ():
        if row.before.ranked and not row.after.ranked:
            sentences.append(f"{_name(row)}: was {row.before.name} and is {row.after.name}.")
        for gate in gates if row.comparable else ():
            ratio = row.ratios.get(gate.figure)
            if ratio is not None and not _in_doubt(row, gate) and gate.fires(ratio):
                sentences.append(
                    f"{_name(row)}: {gate.figure} is {ratio.value:.3f} times A's "
                    f"({ratio.low:.3f} to {ratio.high:.3f}), and the gate is {gate}."
                )
    return sentences


def undecided(comparison: Comparison, gates: Sequence[Gate]) -> list[str]:
    """Return what no gate can judge, so that nobody takes silence for a pass."""
    lacking: dict[str, list[str]] = {}
    for row in comparison.rows:
        for gate in gates if row.comparable else ():
            if why := _in_doubt(row, gate):
                lacking.setdefault(f"{gate} cannot be judged, {why}", []).append(_name(row))
    return [f"{why}: {wording.listing(cells)}." for why, cells in lacking.items()]


def _in_doubt(row: Row, gate: Gate) -> str:
    """Return why a gate says nothing about a cell."""
    ratio = row.ratios.get(gate.figure)
    if ratio is None:
        return f"a run has no {gate.figure}"
    if ratio.low is None:
        return "a run has one trial a cell, so no interval"
    more, less = row.may_be(METRICS[gate.figure])
    return "the generator was the limit" if (more if gate.below else less) else ""


def _name(row: Row) -> str:
    return f"{row.cell.server} ({row.label})"
