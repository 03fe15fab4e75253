"""Two runs beside each other: the ratios of the cells that both have."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from bench.analysis import intervals, metrics
from bench.analysis.metrics import METRICS, ByBlock, Metric
from bench.base import levels
from bench.base.errors import ConfigError
from bench.base.estimate import Estimate
from bench.comparing import comparable
from bench.model.run import Run, workload_labels
from bench.model.trial import Cell, Workload
from bench.pairs import noise_floor
from bench.pairs.noise_floor import Floor
from bench.verdicts import judging
from bench.verdicts.verdict import Name, Verdict


@dataclass(frozen=True)
class Row:
    """A cell in both runs.

    ratios: B / A by the name of the figure, at 95 %, for those that both have
    changed: the figures that differ: the interval excludes 1 at a level corrected for the number
        of cells (Bonferroni), and the ratio is outside the A/A floor of both runs
    before, after: the verdicts in A and B
    """

    cell: Cell
    label: str
    ratios: dict[str, Estimate]
    changed: frozenset[str]
    before: Verdict
    after: Verdict

    @property
    def comparable(self) -> bool:
        """Tell if the figures stand for the server in both runs."""
        return self.before.ranked and self.after.ranked

    def may_be(self, figure: Metric) -> tuple[bool, bool]:
        """Tell if the true ratio may be more, and if it may be less, than the one measured.

        Where the generator was the limit, a server does at least what was measured.
        """
        before, after = (
            figure.bounded and verdict.name is Name.GENERATOR_BOUND
            for verdict in (self.before, self.after)
        )
        return (after, before) if figure.more_is_better else (before, after)


@dataclass(frozen=True)
class Comparison:
    """Two runs, A before and B after.

    differing: what is not equal of their machines and settings, in words; empty unless forced
    only_a, only_b: cells that the other run was not asked for
    control: the server that stands for the machine: every ratio is over its own; empty without one
    """

    name_a: str
    name_b: str
    rows: tuple[Row, ...]
    differing: tuple[str, ...]
    only_a: tuple[Cell, ...]
    only_b: tuple[Cell, ...]
    control: str = ""

    @property
    def drift(self) -> float | None:
        """Return the throughput ratio that all comparable cells moved by, their median.

        None where a control took it out, or if some of three cells or more did not move that way.
        """
        comparable = [row.ratios for row in self.rows if row.comparable]
        rates = [ratios["throughput"].value for ratios in comparable if "throughput" in ratios]
        alike = len(rates) >= levels.DRIFT_CELLS and len({value > 1 for value in rates}) == 1
        middle = statistics.median(rates) if alike else 1.0
        return None if self.control or metrics.distance(middle) < levels.DRIFT_LEAST else middle


@dataclass(frozen=True)
class Side:
    """One of the two runs: verdicts and metrics of its cells, and the A/A floors of each metric."""

    verdicts: dict[Cell, Verdict]
    metrics: Mapping[Cell, ByBlock]
    floors: dict[str, dict[Workload, Floor]]

    def floor(self, name: str, workload: Workload) -> float:
        """Return the extent of the floor of a metric under a workload; 0 without a twin."""
        found = self.floors[name].get(workload)
        return 0.0 if found is None else found.extent

    def values(self, cell: Cell, metric: Metric, control: Cell | None) -> list[float]:
        """Return a metric's values; each over the control's of the same block, if there is one."""
        own = metrics.values(self.metrics[cell], metric.column)
        if control is None:
            return list(own.values())
        others = metrics.values(self.metrics[control], metric.column)
        return [value / others[block] for block, value in own.items() if others.get(block)]


def side(run: Run) -> Side:
    """Return what a run brings to a comparison."""
    measured = metrics.by_cell(run.trials)
    floors = {name: noise_floor.of(measured, metric) for name, metric in METRICS.items()}
    return Side(judging.verdicts(run), measured, floors)


def compare(run_a: Run, run_b: Run, force: bool = False, control: str = "") -> Comparison:
    """Return the ratios B / A of the cells that both runs have.

    control: a server that did not change. Its own ratio is the machine's drift, and is divided out
        of every other, block by block.

    Raises:
        ConfigError: machines or settings differ and `force` is not set, no cell is shared, or the
            control does not stand for the machine under every workload.
    """
    names = run_a.header.run_id, run_b.header.run_id
    unequal = tuple(comparable.differing(run_a.header, run_b.header))
    cells_a, cells_b = run_a.cells(), run_b.cells()
    shared = [cell for cell in cells_a if cell in cells_b]
    comparable.check(names, () if force else unequal, shared)
    a, b = side(run_a), side(run_b)
    if control:
        _check_control(control, names, shared, (a, b))
    labels = workload_labels(cell.workload for cell in cells_a)
    rows = [
        _row(cell, labels[cell.workload], (a, b), control, levels.ERROR / len(shared))
        for cell in shared
        if cell.server != control
    ]
    only_a = tuple(cell for cell in cells_a if cell not in cells_b)
    only_b = tuple(cell for cell in cells_b if cell not in cells_a)
    return Comparison(*names, tuple(rows), unequal, only_a, only_b, control)


def _row(cell: Cell, label: str, sides: tuple[Side, Side], control: str, error: float) -> Row:
    beside = Cell(control, cell.workload) if control else None
    ratios = _ratios(cell, sides, beside, levels.LEVEL)
    corrected = _ratios(cell, sides, beside, 1 - error)
    before, after = (side.verdicts[cell] for side in sides)
    return Row(cell, label, ratios, _changed(corrected, sides, cell.workload), before, after)


def _ratios(
    cell: Cell, sides: tuple[Side, Side], control: Cell | None, level: float
) -> dict[str, Estimate]:
    """Return after / before of every metric that both have."""
    ratios = {}
    for name, metric in METRICS.items():
        before, after = (side.values(cell, metric, control) for side in sides)
        if (ratio := intervals.welch(before, after, level)) is not None:
            ratios[name] = ratio
    return ratios


def _changed(
    ratios: dict[str, Estimate], sides: tuple[Side, Side], workload: Workload
) -> frozenset[str]:
    return frozenset(
        name
        for name, ratio in ratios.items()
        if ratio.excludes_one
        and metrics.distance(ratio.value) > max(side.floor(name, workload) for side in sides)
    )


def _check_control(
    control: str, names: tuple[str, str], shared: list[Cell], sides: tuple[Side, Side]
) -> None:
    """Refuse a control without sound figures under some workload; raises ConfigError."""
    sound = {cell for cell in shared if all(side.verdicts[cell].ranked for side in sides)}
    workloads = dict.fromkeys(cell.workload for cell in shared)
    lacking = [w.name for w in workloads if Cell(control, w) not in sound]
    if lacking:
        raise ConfigError(
            f"--control {control}: {names[0]} and {names[1]} do not both have figures that stand "
            f"for it under {', '.join(lacking)}; name a server that serves everywhere"
        )
