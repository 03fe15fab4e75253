"""Two sides of runs beside each other: the ratios of the cells that all of them have."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.analysis import metrics
from bench.analysis.metrics import METRICS, ByBlock, Metric
from bench.base import levels, wording
from bench.base.errors import ConfigError
from bench.base.estimate import Estimate
from bench.comparing import comparable, ratios
from bench.model.run import Run, workload_labels
from bench.model.trial import Cell, Workload
from bench.pairs import noise_floor, pairwise
from bench.pairs.layout import Contrast
from bench.pairs.noise_floor import Floor
from bench.verdicts import judging
from bench.verdicts.verdict import Name, Verdict


@dataclass(frozen=True)
class Row:
    """A cell on both sides.

    ratios: B / A by the name of the figure, at 95 %, for those that both have
    contrasts: the same as logarithms with their errors
    changed: the figures that differ: the interval at a level corrected for the number of cells and
        figures (Bonferroni) lies outside the A/A floors of all runs
    detectable: by figure, the change that would have been shown with a power of 80 %
    before, after: the verdicts in A and B; of several runs the gravest
    """

    cell: Cell
    label: str
    contrasts: dict[str, Contrast]
    ratios: dict[str, Estimate]
    changed: frozenset[str]
    detectable: dict[str, float]
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
    """Two sides, A before and B after; each is a run or several.

    runs: how many A and B have
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
    runs: tuple[int, int] = (1, 1)

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
    """One side: of each of its runs, verdicts and metrics of its cells, and its A/A floors."""

    names: tuple[str, ...]
    cells: tuple[Cell, ...]
    verdicts: tuple[dict[Cell, Verdict], ...]
    metrics: tuple[Mapping[Cell, ByBlock], ...]
    floors: tuple[dict[str, dict[Workload, Floor]], ...]

    @property
    def name(self) -> str:
        """Return what it is called: the name of its run, or of all of them."""
        return wording.listing(list(self.names), len(self.names))

    def floor(self, name: str, workload: Workload) -> float:
        """Return the extent of the floor of a metric under a workload; 0 without a twin."""
        found = [floors[name].get(workload) for floors in self.floors]
        return max((floor.extent for floor in found if floor is not None), default=0.0)

    def verdict(self, cell: Cell) -> Verdict:
        """Return the gravest verdict that a cell has in one of the runs."""
        order = list(Name)
        return min((each[cell] for each in self.verdicts), key=lambda one: order.index(one.name))

    def values(self, cell: Cell, metric: Metric, control: Cell | None) -> list[list[float]]:
        """Return a metric's values by run; over the control's of the same block, if there is one.

        A run of which one value is missing has none: what remains would be of another mixture.
        """
        return [_over(run, cell, metric, control) for run in self.metrics]


def _over(
    run: Mapping[Cell, ByBlock], cell: Cell, metric: Metric, control: Cell | None
) -> list[float]:
    own = metrics.values(run.get(cell, {}), metric.column)
    if control is None:
        return list(own.values())
    others = metrics.values(run.get(control, {}), metric.column)
    return [value / others[block] for block, value in own.items() if others.get(block)]


def side(runs: Sequence[Run]) -> Side:
    """Return what the runs of a side bring to a comparison; cells are those that all have."""
    measured = [metrics.by_cell(run.trials) for run in runs]
    cells = [run.cells() for run in runs]
    return Side(
        tuple(run.header.run_id for run in runs),
        tuple(cell for cell in cells[0] if all(cell in each for each in cells)),
        tuple(judging.verdicts(run) for run in runs),
        tuple(measured),
        tuple(
            {name: noise_floor.of(each, metric) for name, metric in METRICS.items()}
            for each in measured
        ),
    )


def compare(
    before: Sequence[Run], after: Sequence[Run], force: bool = False, control: str = ""
) -> Comparison:
    """Return the ratios B / A of the cells that all runs have.

    control: a server that did not change. Its own ratio is the machine's drift, and is divided out
        of every other, block by block.

    Raises:
        ConfigError: machines or settings differ and `force` is not set, no cell is shared, or the
            control does not stand for the machine under every workload.
    """
    a, b = side(before), side(after)
    names = a.name, b.name
    first, *others = [*before, *after]
    unequal = tuple(
        dict.fromkeys(
            words for each in others for words in comparable.differing(first.header, each.header)
        )
    )
    shared = [cell for cell in a.cells if cell in b.cells]
    comparable.check(names, () if force else unequal, shared)
    if control:
        _check_control(control, names, shared, (a, b))
    labels = workload_labels(cell.workload for cell in a.cells)
    compared = [cell for cell in shared if cell.server != control]
    error = levels.ERROR / max(1, len(compared) * len(METRICS))
    rows = [_row(cell, labels[cell.workload], (a, b), control, error) for cell in compared]
    only_a = tuple(cell for cell in a.cells if cell not in b.cells)
    only_b = tuple(cell for cell in b.cells if cell not in a.cells)
    runs = len(before), len(after)
    return Comparison(*names, tuple(rows), unequal, only_a, only_b, control, runs)


def _row(cell: Cell, label: str, sides: tuple[Side, Side], control: str, error: float) -> Row:
    beside = Cell(control, cell.workload) if control else None
    contrasts = {}
    for name, metric in METRICS.items():
        before, after = (side.values(cell, metric, beside) for side in sides)
        if (found := ratios.contrast(before, after)) is not None:
            contrasts[name] = found
    shown = {name: pairwise.estimated(each, levels.LEVEL)[0] for name, each in contrasts.items()}
    corrected = {name: pairwise.estimated(each, 1 - error) for name, each in contrasts.items()}
    changed = frozenset(
        name
        for name, (ratio, _) in corrected.items()
        if ratio is not None and _beyond(ratio, _floor(name, sides, cell.workload))
    )
    return Row(
        cell,
        label,
        contrasts,
        {name: ratio for name, ratio in shown.items() if ratio is not None},
        changed,
        {name: size for name, (_, size) in corrected.items() if size is not None},
        *(side.verdict(cell) for side in sides),
    )


def _floor(name: str, sides: tuple[Side, Side], workload: Workload) -> float:
    return max(side.floor(name, workload) for side in sides)


def _beyond(ratio: Estimate, floor: float) -> bool:
    """Tell if a whole interval lies outside a floor."""
    if ratio.low is None or ratio.high is None:
        return False
    return ratio.low > 1 + floor or ratio.high < 1 / (1 + floor)


def _check_control(
    control: str, names: tuple[str, str], shared: list[Cell], sides: tuple[Side, Side]
) -> None:
    """Refuse a control without sound figures under some workload; raises ConfigError."""
    sound = {cell for cell in shared if all(side.verdict(cell).ranked for side in sides)}
    workloads = dict.fromkeys(cell.workload for cell in shared)
    lacking = [w.name for w in workloads if Cell(control, w) not in sound]
    if lacking:
        raise ConfigError(
            f"--control {control}: {names[0]} and {names[1]} do not both have figures that stand "
            f"for it under {', '.join(lacking)}; name a server that serves everywhere"
        )
