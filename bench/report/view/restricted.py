"""A run as if only some of its servers had been measured."""

import dataclasses
from collections.abc import Collection

from bench.report.view.cell_view import WorkloadView
from bench.report.view.run_view import RunView


def restricted(view: RunView, servers: Collection[str]) -> RunView:
    """Return a view of some servers only: pairs are corrected for those, looks stay the run's."""
    cells = {cell: shown for cell, shown in view.cells.items() if cell.server in servers}
    trials = [trial for trial in view.trials if trial.trial.cell in cells]
    workloads = [_restricted(item, servers) for item in view.workloads]
    workloads = [item for item in workloads if item.cells]
    return dataclasses.replace(view, cells=cells, trials=trials, workloads=workloads)


def _restricted(workload: WorkloadView, servers: Collection[str]) -> WorkloadView:
    cells = [cell for cell in workload.cells if cell.server in servers]
    return dataclasses.replace(workload, cells=cells)
