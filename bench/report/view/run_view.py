"""What charts and pages show of a run: its workloads, their cells and rankings, and its sweeps."""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.analysis import metrics, steadiness
from bench.analysis.metrics import ByBlock
from bench.base import levels, wording
from bench.model.run import Run, workload_labels
from bench.model.trial import Cell, Trial
from bench.pairs import noise_floor
from bench.report.view import pythons
from bench.report.view.cell_view import NATIVE, RANKED_BY, CellView, WorkloadView
from bench.verdicts import judging
from bench.verdicts.verdict import Name, Verdict


@dataclass(frozen=True)
class Subject:
    """What one chart is about: a workload, several that differ in one axis, or all of a run."""

    label: str
    workloads: tuple[WorkloadView, ...]

    @property
    def workload(self) -> WorkloadView:
        """Return the only workload, or the first."""
        return self.workloads[0]

    def by_server(self) -> list[list[CellView]]:
        """Return each server's measured cells, in the order of the workloads."""
        cells_of: dict[int, list[CellView]] = {}
        for workload in self.workloads:
            for cell in workload.measured:
                cells_of.setdefault(cell.index, []).append(cell)
        return [cells_of[index] for index in sorted(cells_of)]


@dataclass(frozen=True)
class TrialView:
    """A trial with its metrics by column, none unless it was measured, and its conditions."""

    trial: Trial
    metrics: dict[str, Any]
    conditions: dict[str, Any]


@dataclass(frozen=True)
class RunView:
    """A run as it is shown: whatever is computed of it, computed once.

    trials: in the order in which they ended, twins included
    cells: in the plan's order, without the twins
    """

    run: Run
    trials: list[TrialView]
    cells: dict[Cell, CellView]
    workloads: list[WorkloadView]

    @property
    def verdicts(self) -> dict[Cell, Verdict]:
        """Return what holds for each cell."""
        return {cell: view.verdict for cell, view in self.cells.items()}

    @property
    def servers(self) -> list[CellView]:
        """Return a cell of each server, in the order of the run."""
        by_index = {cell.index: cell for item in self.workloads for cell in item.cells}
        return [by_index[index] for index in sorted(by_index)]

    def each(self) -> list[Subject]:
        """Return a subject for each workload with figures."""
        return [Subject(item.label, (item,)) for item in self.workloads if item.measured]

    def sweeps(self, axis: str) -> list[Subject]:
        """Return the workloads that differ in nothing but one axis, in its order."""
        on_it = [item for item in self.workloads if item.workload.axes[axis] is not None]
        return [
            _from_to(sorted(items, key=lambda item: float(item.workload.axes[axis])))
            for items in _alike(on_it, axis)
        ]

    def work_sweeps(self) -> list[Subject]:
        """Return the workloads that differ in the amount of one kind of work alone, none first."""
        subjects = []
        of_kind = {(w.kind, w.share) for item in self.workloads if (w := item.workload.work)}
        for kind, share in sorted(of_kind):
            on_it = [
                item
                for item in self.workloads
                if (w := item.workload.work) is None or (w.kind, w.share) == (kind, share)
            ]
            groups = [sorted(items, key=work_us) for items in _alike(on_it, "work")]
            # Of a mixture one amount is a case of its own, and no step on the way from none.
            named = kind if share == 1 else f"{kind} of {share * 100:g} %"
            subjects += [
                _from_to(items, named) for items in groups if share == 1 or work_us(items[-2])
            ]
        return subjects

    def together(self, *names: str) -> list[Subject]:
        """Return the workloads that differ in some axes alone, in the order of the run."""
        return [_from_to(items) for items in _alike(self.workloads, *names)]

    @property
    def finished(self) -> bool:
        """Tell if the run came to its end."""
        return self.run.header.finished_at is not None

    def cpus(self) -> str:
        """Return which CPUs each side had: `server: 1 CPU (0); generator: 1 CPU (1)`."""
        cpus = self.run.header.cpus
        if cpus is None:
            return ""
        sides = {"server": cpus.server, "generator": cpus.generator}
        words = [f"{side}: {_cpus(of)}" for side, of in sides.items() if of]
        return "; ".join(words + (["shared by both"] if cpus.shared else []))


def work_us(item: WorkloadView) -> float:
    """Return how long the work of a request takes, 0 without any."""
    work = item.workload.work
    return work.us if work else 0.0


def _alike(items: Iterable[WorkloadView], *names: str) -> list[list[WorkloadView]]:
    """Return the workloads with figures that differ in some axes alone, two at least together."""
    groups: dict[tuple[object, ...], list[WorkloadView]] = {}
    for item in items:
        if item.measured:
            axes = item.workload.axes
            rest = tuple((name, value) for name, value in axes.items() if name not in names)
            groups.setdefault(rest, []).append(item)
    return [items for items in groups.values() if len(items) > 1]


def _from_to(items: Sequence[WorkloadView], *beside: str) -> Subject:
    """Name several workloads by what they have in common, and by what is said beside that."""
    described = [item.described().split(", ") for item in items]
    common = [part for part in described[0] if all(part in each for each in described)]
    return Subject(", ".join([*common, *beside]), tuple(items))


def view(run: Run, margin: float = levels.EQUIVALENT) -> RunView:
    """Return what is shown of a run; margin: within which servers are called equivalent.

    The rates of a search are shown by what it found, and not here.
    """
    run = run.planned
    trials = [TrialView(each, metrics.of(each), metrics.conditions(each)) for each in run.trials]
    by_cell: dict[Cell, dict[int, dict[str, Any]]] = {}
    for trial in trials:
        by_block = by_cell.setdefault(trial.trial.cell, {})
        if trial.trial.result is not None:
            by_block[trial.trial.block] = trial.metrics
    cells = _cells(run, by_cell)
    floors = {metric: noise_floor.of(by_cell, metric) for metric in RANKED_BY}
    labels = workload_labels(cell.workload for cell in cells)
    workloads = []
    for workload, label in labels.items():
        of_workload = [view for cell, view in cells.items() if cell.workload == workload]
        floor = {metric: found.get(workload) for metric, found in floors.items()}
        cpus = len(run.header.cpus.server) if run.header.cpus else 1
        looks, base = run.header.looks, pythons.base(run.header)
        item = WorkloadView(label, workload, of_workload, floor, looks, margin, cpus, base)
        workloads.append(_ordered(item))
    return RunView(run, trials, cells, workloads)


def _cells(run: Run, metrics_of: Mapping[Cell, ByBlock]) -> dict[Cell, CellView]:
    trials, verdicts = run.cells(), judging.verdicts(run)
    entries = {cell: run.entry_of(cell) for cell in trials}
    index = {name: place for place, name in enumerate(dict.fromkeys(c.server for c in trials))}
    of_family: dict[str, list[str]] = {}
    for entry in entries.values():
        models = of_family.setdefault(entry.family, [])
        models += [name for name in [pythons.model_of(entry)] if name not in models]
    interpreters = pythons.names(run.header.config.servers)
    return {
        cell: CellView(
            index[cell.server],
            of_family[entry.family].index(pythons.model_of(entry)),
            cell.server,
            entry.family,
            cell.workload,
            verdicts[cell],
            trials[cell],
            metrics_of.get(cell, {}),
            steadiness.courses(trials[cell]),
            pythons.model_of(entry),
            name := pythons.name_of(entry),
            interpreters.index(name) if name and len(interpreters) > 1 else None,
        )
        for cell, entry in entries.items()
    }


def _ordered(workload: WorkloadView) -> WorkloadView:
    """Return a workload with its cells in the order of its ranking, then the others by name."""
    centres = {place.server: place.centre for place in workload.order.places}
    cells = sorted(workload.cells, key=lambda cell: _place(cell, centres.get(cell.server)))
    return dataclasses.replace(workload, cells=cells)


def _place(cell: CellView, centre: float | None) -> tuple[bool, bool, bool, float, str]:
    """Sort what is ranked by the centre that ranks it; the rest by name, native last."""
    value = math.inf if centre is None else centre
    behind = cell.open_loop and cell.verdict.name is Name.OVERLOADED
    more_is_better = metrics.leading(cell.workload).more_is_better
    value = -value if more_is_better and centre is not None else value
    return (not cell.ranked, cell.family == NATIVE, behind, value, cell.server)


def _cpus(cpus: Sequence[int]) -> str:
    return f"{wording.count(len(cpus), 'CPU', 'CPUs')} ({', '.join(map(str, cpus))})"
