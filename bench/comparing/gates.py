"""Limits on the ratios of a comparison, for a pipeline: passed, failed, or not to be decided."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bench.analysis.metrics import METRICS
from bench.base import levels, wording
from bench.base.errors import ConfigError
from bench.base.estimate import Estimate
from bench.comparing.comparison import Comparison, Row
from bench.comparing.families import detectable
from bench.model.trial import Cell
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

    @property
    def written(self) -> str:
        """Return the words from which `parse` reads it."""
        if not self.proven:
            return str(self)
        return f"{self.figure} {100 * abs(1 - self.limit):.6g}%"

    @property
    def level(self) -> float:
        """Return the level of the interval that it looks at."""
        return ONE_SIDED if self.proven else levels.LEVEL

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
    """A gate and a cell; why: in a sentence, empty if it passed.

    figure, gate: empty where the cell as a whole is judged
    """

    server: str
    workload: str
    figure: str
    gate: str
    decision: Decision
    why: str = ""

    @property
    def cell(self) -> str:
        """Return what it is about, for a person."""
        return f"{self.server} ({self.workload})"


def parse_gate(text: str) -> Gate:
    """Read a gate as users write it; raises ConfigError."""
    match = re.fullmatch(r"\s*([a-z0-9_]+)\s*([<>])\s*([0-9]*\.?[0-9]+)\s*", text)
    if match is None or match[1] not in METRICS or float(match[3]) <= 0:
        raise ConfigError(
            f"gate {text!r}: write a figure, < or >, and a ratio, such as 'throughput < 0.95' or "
            f"'p99 > 1.10'; figures are {', '.join(METRICS)}"
        )
    return Gate(match[1], match[2] == "<", float(match[3]))


def parse_margin(text: str) -> Gate:
    """Read a margin as users write it; raises ConfigError."""
    match = re.fullmatch(r"\s*([a-z0-9_]+)\s+([0-9]*\.?[0-9]+)\s*%\s*", text)
    if match is None or match[1] not in METRICS or not 0 < float(match[2]) < 100:
        raise ConfigError(
            f"margin {text!r}: write a figure and a percentage, such as 'throughput 3%' or "
            f"'p99 10%'; figures are {', '.join(METRICS)}"
        )
    margin, more_is_better = float(match[2]) / 100, METRICS[match[1]].more_is_better
    limit = 1 - margin if more_is_better else 1 + margin
    return Gate(match[1], more_is_better, limit, proven=True)


def parse(text: str) -> Gate:
    """Read a gate or a margin; raises ConfigError."""
    return parse_margin(text) if "%" in text else parse_gate(text)


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
    # Silence is no pass: where nothing could be looked at, nothing is known.
    return found or [_nothing(gate) for gate in gates]


def gravest(judged: Iterable[Judgement]) -> Decision | None:
    """Return what judgements come to together; None of none."""
    decisions = {each.decision for each in judged}
    order = (Decision.FAILED, Decision.UNDECIDED, Decision.PASSED)
    return next((decision for decision in order if decision in decisions), None)


def _nothing(gate: Gate) -> Judgement:
    why = "no cell has figures that stand on both sides"
    return Judgement("every server", "all workloads", "", str(gate), Decision.UNDECIDED, why)


def _missing(comparison: Comparison) -> Iterator[Judgement]:
    """Yield the cells of A that nothing can be said of: silence is no pass.

    One that is gone, or has no figures that stand in B, fails. One that has them in B and had none
    in A can be compared with nothing.
    """
    gone = "is in A and not in B" if comparison.runs == (1, 1) else "is not in every run"
    for cell in comparison.only_a:
        yield _whole(cell, comparison.labels[cell.workload], Decision.FAILED, gone)
    for row in comparison.rows:
        if not row.comparable:
            why = f"was {row.before.name} and is {row.after.name}"
            decision = Decision.UNDECIDED if row.after.ranked else Decision.FAILED
            yield _whole(row.cell, row.label, decision, why)


def _whole(cell: Cell, label: str, decision: Decision, why: str) -> Judgement:
    return Judgement(cell.server, label, "", "", decision, why)


def _of(row: Row, gate: Gate) -> Judgement:
    decision, why = _decided(row, gate)
    return Judgement(row.cell.server, row.label, gate.figure, str(gate), decision, why)


def _decided(row: Row, gate: Gate) -> tuple[Decision, str]:
    """Return what a gate comes to for a cell, and why; nothing where it passed."""
    contrast = row.contrasts.get(gate.figure)
    if contrast is None:
        return Decision.UNDECIDED, f"{gate}: a run has no {gate.figure}"
    ratio, _ = pairwise.estimated(contrast, gate.level)
    if ratio is None or ratio.low is None:
        why = "a run has one trial a cell, so there is no interval and no change would be shown"
        return Decision.UNDECIDED, f"{gate}: {why}"
    decision = gate.decides(ratio)
    more, less = row.may_be(METRICS[gate.figure])
    good, bad = (more, less) if gate.below else (less, more)
    # Of a bound only the half is known: it may be better, or worse, than was measured.
    unsure = (decision is Decision.FAILED and good) or (decision is Decision.PASSED and bad)
    if unsure or (decision is Decision.UNDECIDED and (good or bad)):
        why = f"the generator was the limit: {gate.figure} is a bound"
        return Decision.UNDECIDED, f"{why}{_shown(row, gate)}"
    if decision is Decision.PASSED:
        return decision, ""
    text = f"{gate.figure} is {wording.ranged(ratio)} times A's, and the gate is {gate}"
    if decision is Decision.FAILED:
        return decision, text
    return decision, f"{text}: the interval holds it{_shown(row, gate)}"


def _shown(row: Row, gate: Gate) -> str:
    """Return what this gate would have seen, at its own level."""
    size = detectable(row.contrasts[gate.figure], gate.level)
    return "" if size is None else f"; a change of {size:.1%} would have been shown"
