"""Two sides of runs beside each other: the ratios of the cells that all of them have."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.analysis import metrics
from bench.analysis.metrics import METRICS, Metric
from bench.base import levels
from bench.base.errors import ConfigError
from bench.base.estimate import Estimate
from bench.comparing import comparable, families, identities, ratios
from bench.comparing.families import Family
from bench.comparing.sides import Side, side
from bench.model.header import Header
from bench.model.run import Run, workload_labels
from bench.model.trial import Cell, Workload
from bench.pairs import pairwise
from bench.pairs.layout import Contrast
from bench.verdicts.verdict import Verdict


@dataclass(frozen=True)
class Row:
    """A cell on both sides.

    contrasts: B / A by the name of the figure, as logarithms with their errors, for those that both
        have; ratios: the same at 95 %
    changed: the figures that differ, at a level that holds over all cells and figures, by more than
        the A/A floors of all runs
    detectable: by figure, the change that would have been shown so with a power of 80 %
    before, after: the verdicts in A and B; of several runs the gravest
    bounds: whether the generator was the limit in A, and in B
    """

    cell: Cell
    label: str
    contrasts: dict[str, Contrast]
    ratios: dict[str, Estimate]
    changed: frozenset[str]
    detectable: dict[str, float]
    before: Verdict
    after: Verdict
    bounds: tuple[bool, bool]

    @property
    def comparable(self) -> bool:
        """Tell if the figures stand for the server in both runs."""
        return self.before.ranked and self.after.ranked

    def may_be(self, figure: Metric) -> tuple[bool, bool]:
        """Tell if the true ratio may be more, and if it may be less, than the one measured."""
        return ratios.may_be(figure, self.bounds)

    def surely_changed(self, figure: Metric) -> bool:
        """Tell if a figure changed, and is no bound that may hide the opposite."""
        if figure.name not in self.changed:
            return False
        more, less = self.may_be(figure)
        return not (less if self.ratios[figure.name].value > 1 else more)


@dataclass(frozen=True)
class Comparison:
    """Two sides, A before and B after; each is a run or several.

    runs: how many A and B have
    differing: what is not equal of their machines and settings, in words; empty unless forced
    remade: what of the servers is not the same in A and B, `the source of native`
    unrecorded: what must be equal, and a run of an earlier version does not say
    only_a, only_b: cells that a run of that side has, and not all runs of both
    labels: of every workload
    level: of the first test of what changed, over all cells and figures
    in_turns: whether runs of A and of B were measured in turns, as far as several a side were
    control: the server that stands for the machine: every ratio is over its own; empty without one
    """

    name_a: str
    name_b: str
    rows: tuple[Row, ...]
    differing: tuple[str, ...]
    only_a: tuple[Cell, ...]
    only_b: tuple[Cell, ...]
    labels: Mapping[Workload, str]
    level: float
    remade: tuple[str, ...] = ()
    unrecorded: tuple[str, ...] = ()
    in_turns: bool = True
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

    @property
    def wanted(self) -> int | None:
        """Return how many runs a side would show 5 % of the figure that ranks, in the median cell.

        None of one run a side, which does not tell what runs differ by.
        """
        if self.runs == (1, 1):
            return None
        leading = [
            row.contrasts[name]
            for row in self.rows
            if (name := metrics.leading(row.cell.workload).name) in row.detectable
        ]
        return families.runs_for(leading, self.runs, self.level, levels.WANTED)


def compare(
    before: Sequence[Run], after: Sequence[Run], force: bool = False, control: str = ""
) -> Comparison:
    """Return the ratios B / A of the cells that all runs have.

    control: a server that did not change. Its own ratio is the machine's drift, and is divided out
        of every other, block by block.

    Raises:
        ConfigError: machines, settings, interpreters or the control differ and `force` is not set,
            no cell is shared, or the control does not stand for the machine under every workload.
    """
    a, b = side(before), side(after)
    names = a.name, b.name
    shared = [cell for cell in a.cells if cell in b.cells]
    servers = identities.of(before, after, shared, control)
    unequal = _words(before, after, comparable.differing) + servers.unequal
    comparable.check(names, () if force else unequal, shared)
    if control:
        _check_control(control, names, shared, (a, b))
    labels = workload_labels(cell.workload for cell in (*a.some, *b.some))
    compared = [cell for cell in shared if cell.server != control]
    rows, level = _rows(compared, labels, (a, b), control)
    return Comparison(
        *names,
        rows,
        unequal,
        tuple(cell for cell in a.some if cell not in shared),
        tuple(cell for cell in b.some if cell not in shared and cell not in a.some),
        labels,
        level,
        servers.changed,
        _words(before, after, comparable.unrecorded) + servers.unrecorded,
        _in_turns(before, after),
        control,
        (len(before), len(after)),
    )


def _words(
    before: Sequence[Run], after: Sequence[Run], of: Callable[[Header, Header], list[str]]
) -> tuple[str, ...]:
    """Return what is said of the headers of the first run and each other one, each once."""
    first, *others = (run.header for run in (*before, *after))
    return tuple(dict.fromkeys(words for each in others for words in of(first, each)))


def _rows(
    cells: Sequence[Cell], labels: Mapping[Workload, str], sides: tuple[Side, Side], control: str
) -> tuple[tuple[Row, ...], float]:
    """Return the rows, and the level of the first test of all; it holds over all of them."""
    found = {cell: _contrasts(cell, sides, control) for cell in cells}
    verdicts = {cell: (sides[0].verdict(cell), sides[1].verdict(cell)) for cell in cells}
    tested = {
        (cell, name): contrast
        for cell, by_name in found.items()
        for name, contrast in by_name.items()
        if all(verdict.ranked for verdict in verdicts[cell])
    }
    reach = {(cell, name): _floor(name, sides, cell.workload) for cell, name in tested}
    family = Family(tested, reach)
    changed = family.changed()
    rows = []
    for cell, contrasts in found.items():
        shown = {
            name: pairwise.estimated(each, levels.LEVEL)[0] for name, each in contrasts.items()
        }
        of_cell = [name for name in contrasts if (cell, name) in tested]
        sizes = {name: family.detectable((cell, name)) for name in of_cell}
        row = Row(
            cell,
            labels[cell.workload],
            contrasts,
            {name: ratio for name, ratio in shown.items() if ratio is not None},
            frozenset(name for name in of_cell if (cell, name) in changed),
            {name: size for name, size in sizes.items() if size is not None},
            *verdicts[cell],
            (sides[0].bound(cell), sides[1].bound(cell)),
        )
        rows.append(row)
    return tuple(rows), family.level


def _in_turns(before: Sequence[Run], after: Sequence[Run]) -> bool:
    """Tell if not all runs of a side were measured before all of the other, or are one a side."""
    if len(before) + len(after) == 2:
        return True
    a, b = ([run.header.created_at for run in side] for side in (before, after))
    return not (max(a) < min(b) or max(b) < min(a))


def _contrasts(cell: Cell, sides: tuple[Side, Side], control: str) -> dict[str, Contrast]:
    """Return B / A of a cell by the name of the figure, for those that both have."""
    beside = Cell(control, cell.workload) if control else None
    contrasts = {}
    for name, metric in METRICS.items():
        before, after = (side.values(cell, metric, beside) for side in sides)
        if (found := ratios.contrast(before, after)) is not None:
            contrasts[name] = found
    return contrasts


def _floor(name: str, sides: tuple[Side, Side], workload: Workload) -> float:
    return max(side.floor(name, workload) for side in sides)


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
