"""What charts and pages show of a run: its workloads, their cells and rankings, and its sweeps."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bench.analysis import metrics, noise_floor
from bench.base import wording
from bench.model.run import Run, workload_labels
from bench.model.trial import Workload
from bench.report.view.cell_view import NATIVE, RANKED_BY, CellView, WorkloadView
from bench.verdicts import judging


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
        found: dict[int, list[CellView]] = {}
        for workload in self.workloads:
            for cell in workload.measured:
                found.setdefault(cell.index, []).append(cell)
        return [found[index] for index in sorted(found)]


@dataclass(frozen=True)
class RunView:
    """A run as it is shown."""

    run: Run
    workloads: list[WorkloadView]

    @property
    def servers(self) -> list[tuple[int, str, str]]:
        """Return index, name and family of each server, in the order of the run."""
        found = {
            cell.index: (cell.index, cell.server, cell.family)
            for workload in self.workloads
            for cell in workload.cells
        }
        return [found[index] for index in sorted(found)]

    def each(self) -> list[Subject]:
        """Return a subject for each workload with figures."""
        return [Subject(item.label, (item,)) for item in self.workloads if item.measured]

    def sweeps(self, axis: str) -> list[Subject]:
        """Return the workloads that differ in nothing but one axis, in its order."""
        groups: dict[tuple[object, ...], list[WorkloadView]] = {}
        for item in self.workloads:
            axes = item.workload.axes
            if item.measured and axes[axis] is not None:
                rest = tuple((name, value) for name, value in axes.items() if name != axis)
                groups.setdefault(rest, []).append(item)
        found = []
        for items in groups.values():
            items.sort(key=lambda item: float(item.workload.axes[axis]))
            if len(items) > 1:
                found.append(Subject(f"{items[0].label} to {items[-1].label}", tuple(items)))
        return found

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


def view(run: Run) -> RunView:
    """Return what is shown of a run."""
    trials, judged = run.cells(), judging.verdicts(run)
    names = dict.fromkeys(cell.server for cell in trials)
    index = {name: place for place, name in enumerate(names)}
    labels = workload_labels(cell.workload for cell in trials)
    shown: dict[Workload, list[CellView]] = {workload: [] for workload in labels}
    for cell, found in trials.items():
        family = run.entry_of(cell).family
        by_block = {trial.block: metrics.of(trial) for trial in found if trial.result is not None}
        shown[cell.workload].append(
            CellView(
                index[cell.server],
                cell.server,
                family,
                cell.workload,
                judged[cell],
                found,
                by_block,
            )
        )
    floors = {figure: noise_floor.of(run, figure) for figure in RANKED_BY}
    return RunView(
        run,
        [
            WorkloadView(labels[workload], workload, sorted(cells, key=_place), floors)
            for workload, cells in shown.items()
        ],
    )


def _place(cell: CellView) -> tuple[bool, bool, bool, float, str]:
    """Sort what is ranked by throughput, in open loop by p99; the rest by name, native last."""
    found = cell.estimate(cell.leading)
    value = found.value if found and cell.ranked else math.inf
    behind = cell.open_loop and cell.verdict.name == "overloaded"
    value = value if cell.open_loop else -value
    return (not cell.ranked, cell.family == NATIVE, behind, value, cell.server)


def _cpus(cpus: Sequence[int]) -> str:
    return f"{wording.count(len(cpus), 'CPU', 'CPUs')} ({', '.join(map(str, cpus))})"
