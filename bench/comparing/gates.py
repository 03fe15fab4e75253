"""Limits on the ratios of a comparison, for a pipeline: passed, failed, or not to be decided."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bench.analysis.metrics import METRICS
from bench.base import levels, wording
from bench.base.errors import ConfigError
from bench.base.estimate import Estimate
from bench.comparing.comparison import Comparison, Row
from bench.pairs import pairwise

# A difference that must be shown to be no worse is tested to one side, at 5 %.
ONE_SIDED = 1 - 2 * levels.ERROR


class Decision(StrEnum):
    """What a gate comes to for a cell."""

    PASSED = "passed"
    FAILED = "failed"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Gate:
    """A limit of B / A: `throughput < 0.95` fails beyond it, `throughput 3%` must be proven.

    below: whether what is below the limit is bad
    proven: whether the cell passes only if its whole interval is on the good side; else it fails
        only if its whole interval is on the bad one
    """

    figure: str
    below: bool
    limit: float
    proven: bool = False

    def __str__(self) -> str:
        """Return the form that it was read from."""
        if self.proven:
            margin = 1 - self.limit if self.below else self.limit - 1
            return f"no worse in {self.figure} than by {margin:.3g}"
        return f"{self.figure} {'<' if self.below else '>'} {self.limit:g}"

    def decides(self, ratio: Estimate) -> Decision:
        """Return what an interval comes to; undecided if it holds the limit, or there is none."""
        if ratio.low is None or ratio.high is None:
            return Decision.UNDECIDED
        if ratio.high < self.limit if self.below else ratio.low > self.limit:
            return Decision.FAILED
        good = ratio.low >= self.limit if self.below else ratio.high <= self.limit
        return Decision.PASSED if good else Decision.UNDECIDED


@dataclass(frozen=True)
class Judgement:
    """A gate and a cell; why: in a sentence, empty if it passed."""

    cell: str
    gate: str
    decision: Decision
    why: str = ""


def parse_gate(text: str) -> Gate:
    """Read a gate as users write it; raises ConfigError."""
    match = re.fullmatch(r"\s*([a-z0-9]+)\s*([<>])\s*([0-9]*\.?[0-9]+)\s*", text)
    if match is None or match[1] not in METRICS or float(match[3]) <= 0:
        raise ConfigError(
            f"gate {text!r}: write a figure, < or >, and a ratio, such as 'throughput < 0.95' or "
            f"'p99 > 1.10'; figures are {', '.join(METRICS)}"
        )
    return Gate(match[1], match[2] == "<", float(match[3]))


def parse_margin(text: str) -> Gate:
    """Read a margin as users write it; raises ConfigError."""
    match = re.fullmatch(r"\s*([a-z0-9]+)\s+([0-9]*\.?[0-9]+)\s*%\s*", text)
    if match is None or match[1] not in METRICS or not 0 < float(match[2]) < 100:
        raise ConfigError(
            f"margin {text!r}: write a figure and a percentage, such as 'throughput 3%' or "
            f"'p99 10%'; figures are {', '.join(METRICS)}"
        )
    margin, more_is_better = float(match[2]) / 100, METRICS[match[1]].more_is_better
    limit = 1 - margin if more_is_better else 1 + margin
    return Gate(match[1], more_is_better, limit, proven=True)


def judge(
    comparison: Comparison, gates: Sequence[Gate], allow_missing: bool = False
) -> list[Judgement]:
    """Return what every gate comes to for every cell of A.

    allow_missing: let a cell pass that is not in B any more, or of which no figures stand
    """
    if not gates:
        return []
    found = [] if allow_missing else list(_missing(comparison))
    for row in comparison.rows:
        if row.comparable:
            found += [_of(row, gate) for gate in gates]
    return found


def _missing(comparison: Comparison) -> Iterator[Judgement]:
    """Yield the cells of A that nothing can be said of: silence is no pass."""
    for cell in comparison.only_a:
        name = f"{cell.server} ({cell.workload.name})"
        yield Judgement(name, "", Decision.FAILED, "is in A and not in B")
    for row in comparison.rows:
        if not row.comparable:
            why = f"was {row.before.name} and is {row.after.name}"
            yield Judgement(_name(row), "", Decision.FAILED, why)


def _of(row: Row, gate: Gate) -> Judgement:
    contrast = row.contrasts.get(gate.figure)
    ratio = row.ratios.get(gate.figure)
    if contrast is not None and gate.proven:
        ratio, _ = pairwise.estimated(contrast, ONE_SIDED)
    if ratio is None:
        return Judgement(_name(row), str(gate), Decision.UNDECIDED, f"a run has no {gate.figure}")
    if ratio.low is None:
        why = "a run has one trial a cell, so no interval"
        return Judgement(_name(row), str(gate), Decision.UNDECIDED, why)
    decision = gate.decides(ratio)
    more, less = row.may_be(METRICS[gate.figure])
    good, bad = (more, less) if gate.below else (less, more)
    # Of a bound only the half is known: it may be better, or worse, than was measured.
    unsure = (decision is Decision.FAILED and good) or (decision is Decision.PASSED and bad)
    if unsure or (decision is Decision.UNDECIDED and (good or bad)):
        why = "the generator was the limit"
        return Judgement(_name(row), str(gate), Decision.UNDECIDED, why)
    if decision is Decision.PASSED:
        return Judgement(_name(row), str(gate), decision)
    return Judgement(_name(row), str(gate), decision, _why(row, gate, ratio, decision))


def _why(row: Row, gate: Gate, ratio: Estimate, decision: Decision) -> str:
    text = f"{gate.figure} is {wording.ranged(ratio)} times A's, and the gate is {gate}"
    if decision is Decision.FAILED:
        return text
    size = row.detectable.get(gate.figure)
    shown = "" if size is None else f"; a change of {size:.0%} would have been shown"
    return f"{text}: the interval holds it{shown}"


def _name(row: Row) -> str:
    return f"{row.cell.server} ({row.label})"
