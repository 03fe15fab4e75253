"""One server under several interpreters: each beside the same server under the base."""

from collections.abc import Mapping
from dataclasses import dataclass

from bench.analysis.metrics import Metric
from bench.pairs.pairwise import Pair
from bench.report.view.cell_view import CellView, WorkloadView


@dataclass(frozen=True)
class Group:
    """A server under several interpreters.

    model: its name without an interpreter; base: its cell under the base
    others: the other cells in the order of the interpreters, each beside the base
    """

    model: str
    base: CellView
    others: tuple[tuple[CellView, Pair], ...]


def groups(workload: WorkloadView, figure: Metric) -> list[Group]:
    """Return the servers that were ranked under the base and under another interpreter.

    Each is a comparison of its own: the error of all tests together is shared between them.
    """
    by_model: dict[str, dict[str, CellView]] = {}
    for cell in workload.ranked:
        by_model.setdefault(cell.model, {})[cell.python] = cell
    several = {
        model: cells
        for model, cells in sorted(by_model.items())
        if len(cells) > 1 and workload.base in cells
    }
    found = (_group(workload, figure, model, several) for model in several)
    return [group for group in found if group.others]


def _group(
    workload: WorkloadView,
    figure: Metric,
    model: str,
    several: Mapping[str, Mapping[str, CellView]],
) -> Group:
    cells = several[model]
    order = workload.ordered(figure, cells.values(), share=len(several))
    own = cells[workload.base]
    beside = [
        (cell, pair)
        for cell in sorted(cells.values(), key=lambda cell: cell.interpreter or 0)
        if cell is not own and (pair := order.between(cell.server, own.server)) is not None
    ]
    return Group(model, own, tuple((cell, pair) for cell, pair in beside if pair.ratio))
