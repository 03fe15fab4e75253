"""A run as it is on disk, and what can be asked of it: its cells, its servers, its labels."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from bench.model.header import Header, ServerEntry
from bench.model.interpreter import Runtime
from bench.model.trial import TWIN, Cell, Trial, Workload
from servers.discovery import KINDS
from servers.terms import kind_of


@dataclass(frozen=True)
class Run:
    """What is on disk of one run.

    trials: in the order in which they ended
    """

    folder: Path
    header: Header
    trials: list[Trial]

    def cells(self) -> dict[Cell, list[Trial]]:
        """Return the trials of each cell in the plan's order; a cell not yet measured has none."""
        trials_of: dict[Cell, list[Trial]] = {cell: [] for cell in _planned(self.header)}
        for trial in self.planned.trials:
            if not trial.cell.server.endswith(TWIN):
                trials_of.setdefault(trial.cell, []).append(trial)
        return trials_of

    @property
    def planned(self) -> "Run":
        """Return it without what was found out to be worth measuring: the rates of a search."""
        if not self.header.config.slo:
            return self
        cells = set(self.header.cells)
        return replace(self, trials=[trial for trial in self.trials if trial.cell in cells])

    @cached_property
    def runtimes(self) -> dict[Cell, Runtime]:
        """Return what the Python of each cell's server was at its end, as it told.

        An import may have turned the GIL on again: if it was on in one trial, it counts as on. What
        the twin told counts for its model.
        """
        found: dict[Cell, Runtime] = {}
        for trial in self.trials:
            cell = replace(trial.cell, server=trial.cell.server.removesuffix(TWIN))
            if trial.runtime is not None and not (cell in found and found[cell].gil):
                found[cell] = trial.runtime
        return found

    @cached_property
    def entries(self) -> tuple[ServerEntry, ...]:
        """Return the servers of the header, each with what its process was in any of its cells."""
        told: dict[tuple[str, str], Runtime] = {}
        for cell, runtime in self.runtimes.items():
            key = (cell.server, kind_of(cell.workload.transport))
            if key not in told or runtime.gil:
                told[key] = runtime
        return tuple(_in_any(entry, told) for entry in self.header.config.servers)

    def entry_of(self, cell: Cell) -> ServerEntry:
        """Return what is known of a cell's server; of a twin, what is known of its model.

        A stream and a datagram server may share a name: the transport tells which is meant.
        """
        name = cell.server.removesuffix(TWIN)
        fitting = (
            entry
            for entry in self.header.config.servers
            if entry.name == name and _can_serve(entry, cell.workload)
        )
        found = next(fitting, ServerEntry(name))
        return _as_told(found, self.runtimes.get(replace(cell, server=name)))


def workload_labels(workloads: Iterable[Workload]) -> dict[Workload, str]:
    """Return a name for each workload: its own, with the axes if another one has it as well."""
    distinct = list(dict.fromkeys(workloads))
    names = [workload.name for workload in distinct]
    return {
        workload: workload.name if names.count(workload.name) == 1 else _spelled_out(workload)
        for workload in distinct
    }


def _planned(header: Header) -> list[Cell]:
    """Return the cells that the header lists; of an older one, each server with each workload."""
    return [cell for cell in header.cells if not cell.server.endswith(TWIN)] or [
        Cell(entry.name, workload)
        for workload in header.config.workloads
        for entry in header.config.servers
        if _can_serve(entry, workload)
    ]


def _in_any(entry: ServerEntry, told: Mapping[tuple[str, str], Runtime]) -> ServerEntry:
    kinds = [entry.kind] if entry.kind in KINDS else KINDS
    return _as_told(entry, next(filter(None, (told.get((entry.name, k)) for k in kinds)), None))


def _as_told(entry: ServerEntry, runtime: Runtime | None) -> ServerEntry:
    if runtime is None:
        return entry
    return replace(entry, python=str(runtime), gil=runtime.gil, jit=runtime.jit)


def _can_serve(entry: ServerEntry, workload: Workload) -> bool:
    """Tell if the plan pairs them; a kind that is not of the house goes with every transport."""
    foreign = entry.kind not in KINDS
    return foreign or entry.kind == kind_of(workload.transport)


def _spelled_out(workload: Workload) -> str:
    load = workload.load
    rate = "" if load.rate is None else f", {load.rate:g}/s"
    pool = "" if workload.pool_size is None else f", pool of {workload.pool_size}"
    cpus = "" if workload.cpus is None else f", {workload.cpus} CPUs"
    return f"{workload.name} ({load.connections} x {load.payload_bytes} B{rate}{pool}{cpus})"
