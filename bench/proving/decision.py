"""What a run proves of two servers: the ratio of each figure, and what is decided of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bench.analysis import intervals, metrics
from bench.analysis.metrics import METRICS, ByBlock, Metric
from bench.base import levels
from bench.base.estimate import Estimate
from bench.comparing import ratios
from bench.model.run import Run, workload_labels
from bench.model.trial import TWIN, Cell, Trial, Workload
from bench.pairs import layout, noise_floor
from bench.pairs.layout import Contrast
from bench.proving import looks
from bench.verdicts import checks
from bench.verdicts.judging import setup_of
from bench.verdicts.verdict import Name, Verdict

# Of every workload; where another one ranks, that one as well.
FIGURES = ("throughput", "p50", "p99", "cpu")


class Decision(StrEnum):
    """What is known of B beside A, in one figure."""

    FASTER = "faster"
    SLOWER = "slower"
    CHEAPER = "cheaper"  # faster and slower in CPU time
    DEARER = "dearer"
    TIED = "tied"  # the whole interval lies within the margin
    NOT_SHOWN = "not shown"
    NOT_COMPARABLE = "not comparable"  # no figure of one stands, or it is a bound


APART = frozenset({Decision.FASTER, Decision.SLOWER, Decision.CHEAPER, Decision.DEARER})


@dataclass(frozen=True)
class Finding:
    """A figure of a workload, of B beside A.

    figure: `throughput`, `p50`, `p99` or `cpu`; of a mixture `light_p99` as well
    decision: `faster`, `slower`, `cheaper`, `dearer`, `tied`, `not shown` or `not comparable`
    why: in words, where that needs some
    ratio, ratio_lo, ratio_hi: B / A, with an interval that holds for all figures together and
        however often it was looked at; null where there is none
    a, b: the geometric means over the blocks, in `unit`
    blocks: that both have
    detectable: the difference that these would show with a power of 80 %, as a fraction
    more_blocks: how many more would show 3 %
    """

    workload: str
    figure: str
    decision: Decision
    why: str = ""
    ratio: float | None = None
    ratio_lo: float | None = None
    ratio_hi: float | None = None
    a: float | None = None
    b: float | None = None
    unit: str = ""
    blocks: int = 0
    detectable: float | None = None
    more_blocks: int | None = None

    @property
    def estimate(self) -> Estimate | None:
        """Return the ratio with its interval."""
        return None if self.ratio is None else Estimate(self.ratio, self.ratio_lo, self.ratio_hi)


@dataclass(frozen=True)
class Question:
    """What is asked of a run.

    a, b: the servers by name, A the baseline
    margin: within which they are tied, as a fraction
    deciding: the figures that are to be decided, beside the one that ranks under each load
    """

    a: str
    b: str
    margin: float = levels.EQUIVALENT
    deciding: tuple[str, ...] = ("cpu",)


@dataclass(frozen=True)
class _Side:
    """A server under a workload: its verdict, whether the generator was its limit, its metrics."""

    verdict: Verdict
    bound: bool
    metrics: ByBlock


def figures_of(workload: Workload) -> tuple[str, ...]:
    """Return the figures that are looked at under a workload."""
    return tuple(dict.fromkeys((*FIGURES, metrics.leading(workload).name)))


def findings(run: Run, question: Question) -> list[Finding]:
    """Return what is known of B beside A: each figure of each workload."""
    workloads = run.header.config.workloads
    labels = workload_labels(workloads)
    error = levels.ERROR / sum(len(figures_of(workload)) for workload in workloads)
    trials: dict[Cell, list[Trial]] = {}
    for trial in run.trials:
        trials.setdefault(trial.cell, []).append(trial)
    by_cell = {cell: metrics.by_block(of) for cell, of in trials.items()}
    found = []
    for workload in workloads:
        cells = [Cell(name, workload) for name in (question.a, question.b)]
        sides = [_side(run, cell, trials.get(cell, []), by_cell.get(cell, {})) for cell in cells]
        for name in figures_of(workload):
            # A server beside its own twin is not held against what that twin differs by.
            itself = question.b.endswith(TWIN)
            reach = 0.0 if itself else _reach(by_cell, METRICS[name], workload)
            found.append(_finding(labels[workload], name, sides, error, question.margin, reach))
    return found


def deciding(run: Run, question: Question) -> list[Finding]:
    """Return what is found of that which ends the run: what ranks under each load, and is asked."""
    leading = {
        label: metrics.leading(workload).name
        for workload, label in workload_labels(run.header.config.workloads).items()
    }
    return [
        finding
        for finding in findings(run, question)
        if finding.figure in (leading[finding.workload], *question.deciding)
    ]


def decided(run: Run, question: Question) -> bool:
    """Tell if nothing is left to find out."""
    return all(each.decision is not Decision.NOT_SHOWN for each in deciding(run, question))


def _side(run: Run, cell: Cell, trials: Sequence[Trial], by_block: ByBlock) -> _Side:
    verdict = checks.judge(trials, setup_of(run, cell))
    bound = any(one.name is Name.GENERATOR_BOUND for one in (verdict, *verdict.notes))
    return _Side(verdict, bound, by_block)


def _reach(by_cell: Mapping[Cell, ByBlock], figure: Metric, workload: Workload) -> float:
    floor = noise_floor.of(by_cell, figure).get(workload)
    return 0.0 if floor is None else floor.extent


def _finding(
    label: str, name: str, sides: Sequence[_Side], error: float, margin: float, reach: float
) -> Finding:
    figure = METRICS[name]
    for which, side in zip("AB", sides, strict=True):
        if not side.verdict.ranked:
            return Finding(label, name, Decision.NOT_COMPARABLE, f"{which} is {side.verdict.name}")
    a, b = (_values(side, figure) for side in sides)
    contrast = contrasted(a, b)
    ratio = None if contrast is None else looks.interval(contrast, error)
    if contrast is None or ratio is None:
        return Finding(label, name, Decision.NOT_COMPARABLE, "too few trials have this figure")
    decision, why = decide(ratio, figure, (sides[0].bound, sides[1].bound), margin, reach)
    return Finding(
        label,
        name,
        decision,
        why,
        ratio.value,
        ratio.low,
        ratio.high,
        intervals.centre(list(a.values())),
        intervals.centre(list(b.values())),
        "/s" if figure.more_is_better else "µs",
        contrast.blocks,
        looks.detectable(contrast, error, reach),
        looks.more_blocks(contrast, error, levels.WANTED_AB),
    )


def _values(side: _Side, figure: Metric) -> dict[int, float]:
    found = metrics.values(side.metrics, figure.column)
    return {block: value for block, value in found.items() if value > 0}


def contrasted(a: Mapping[int, float], b: Mapping[int, float]) -> Contrast | None:
    """Return B / A over the blocks that both have; None where one has none."""
    return layout.fit({"a": a, "b": b}).contrast("b", "a") if a and b else None


def decide(
    ratio: Estimate, figure: Metric, bounds: tuple[bool, bool], margin: float, reach: float = 0.0
) -> tuple[Decision, str]:
    """Return what an interval of B / A comes to, and why where that needs words.

    bounds: whether the generator was the limit of A, and of B
    margin: within which they are tied
    reach: how far the instrument alone tells equal servers apart, as a fraction
    """
    if ratio.low is None or ratio.high is None:
        return Decision.NOT_SHOWN, "too few blocks for an interval"
    more, less = ratios.may_be(figure, bounds)
    up, down = ratio.low > 1 + reach, ratio.high < 1 / (1 + reach)
    if (up and not less) or (down and not more):
        return _words(figure, better=up == figure.more_is_better), ""
    if more or less:
        which = " and ".join(name for name, bound in zip("AB", bounds, strict=True) if bound)
        return Decision.NOT_COMPARABLE, f"the generator was the limit of {which}: a bound"
    if ratio.within(margin):
        return Decision.TIED, ""
    floor = reach and not ratio.low <= 1 <= ratio.high
    return Decision.NOT_SHOWN, "no further apart than a server and its twin" if floor else ""


def _words(figure: Metric, *, better: bool) -> Decision:
    if figure.name == "cpu":
        return Decision.CHEAPER if better else Decision.DEARER
    return Decision.FASTER if better else Decision.SLOWER
