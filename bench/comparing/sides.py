"""One side of a comparison: what its runs bring, cell by cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.analysis import metrics
from bench.analysis.metrics import METRICS, ByBlock, Metric
from bench.base import wording
from bench.model.run import Run
from bench.model.trial import Cell, Workload
from bench.pairs import noise_floor
from bench.pairs.noise_floor import Floor
from bench.verdicts import judging
from bench.verdicts.verdict import Name, Verdict


@dataclass(frozen=True)
class Side:
    """One side: of each of its runs, verdicts and metrics of its cells, and its A/A floors.

    cells: those that all of its runs have; some: those that any of them has
    """

    names: tuple[str, ...]
    cells: tuple[Cell, ...]
    some: tuple[Cell, ...]
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
        """Return the gravest verdict that a cell has in one of the runs.

        One without figures that stand is graver than any other: that it was not measured, too.
        """
        order = list(Name)
        return min(
            (each[cell] for each in self.verdicts),
            key=lambda one: (one.ranked, order.index(one.name)),
        )

    def bound(self, cell: Cell) -> bool:
        """Tell if the generator was the limit in one of the runs, be it beside something graver."""
        verdicts = [each[cell] for each in self.verdicts]
        return any(
            one.name is Name.GENERATOR_BOUND
            for verdict in verdicts
            for one in (verdict, *verdict.notes)
        )

    def values(self, cell: Cell, metric: Metric, control: Cell | None) -> list[list[float]]:
        """Return a metric's values by run; over the control's of the same block, if there is one.

        A run of which one value is missing has none: what remains would be of another mixture.
        """
        return [_over(run, cell, metric, control) for run in self.metrics]


def _over(
    run: Mapping[Cell, ByBlock], cell: Cell, metric: Metric, control: Cell | None
) -> list[float]:
    # A run that was cut short has no trial of some of its cells.
    own = metrics.values(run.get(cell, {}), metric.column)
    if control is None:
        return list(own.values())
    others = metrics.values(run.get(control, {}), metric.column)
    return [value / others[block] for block, value in own.items() if others.get(block)]


def side(runs: Sequence[Run]) -> Side:
    """Return what the runs of a side bring to a comparison."""
    measured = [metrics.by_cell(run.trials) for run in runs]
    cells = [run.cells() for run in runs]
    return Side(
        tuple(run.header.run_id for run in runs),
        tuple(cell for cell in cells[0] if all(cell in each for each in cells)),
        tuple(dict.fromkeys(cell for each in cells for cell in each)),
        tuple(judging.verdicts(run) for run in runs),
        tuple(measured),
        tuple(
            {name: noise_floor.of(each, metric) for name, metric in METRICS.items()}
            for each in measured
        ),
    )
