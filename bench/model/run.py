"""A run as it is on disk, and what can be asked of it: its cells, its servers, its labels."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.model.trial import TWIN, Cell, Trial, Workload


@dataclass(frozen=True)
class Run:
    """What is on disk of one run.

    header: run.json: schema, run_id, created_at, command, config, order, machine, versions, commit
    trials: in the order in which they ended
    """

    folder: Path
    header: dict[str, Any]
    trials: list[Trial]

    def cells(self) -> dict[Cell, list[Trial]]:
        """Return the trials of each cell in the plan's order; a cell not yet measured has none."""
        found: dict[Cell, list[Trial]] = {cell: [] for cell in _planned(self.header)}
        for trial in self.trials:
            if not trial.cell.server.endswith(TWIN):
                found.setdefault(trial.cell, []).append(trial)
        return found

    def entry_of(self, cell: Cell) -> dict[str, Any]:
        """Return what the header says of a cell's server; of a twin, what it says of its model.

        A stream and a datagram server may share a name: the transport tells which is meant.
        """
        name = cell.server.removesuffix(TWIN)
        entries = self.header["config"]["servers"]
        fitting = (
            entry
            for entry in entries
            if entry["name"] == name and _can_serve(entry.get("kind"), cell.workload.transport)
        )
        return next(fitting, {})


def workload_labels(workloads: Iterable[Workload]) -> dict[Workload, str]:
    """Return a name for each workload: its own, with the axes if another one has it as well."""
    distinct = list(dict.fromkeys(workloads))
    names = [workload.name for workload in distinct]
    return {
        workload: workload.name if names.count(workload.name) == 1 else _spelled_out(workload)
        for workload in distinct
    }


def _planned(header: dict[str, Any]) -> list[Cell]:
    """Return the cells that the header lists; of an older one, each server with each workload."""
    listed = [Cell.from_json(entry) for entry in header.get("cells", [])]
    config = header["config"]
    return [cell for cell in listed if not cell.server.endswith(TWIN)] or [
        Cell(server["name"], Workload.from_json(workload))
        for workload in config["workloads"]
        for server in config["servers"]
        if _can_serve(server.get("kind"), workload["transport"])
    ]


def _can_serve(kind: str | None, transport: str) -> bool:
    """Tell if the plan pairs them; a kind that is not of the house goes with every transport."""
    return kind not in ("stream", "datagram") or (kind == "datagram") == (transport == "udp")


def _spelled_out(workload: Workload) -> str:
    load = workload.load
    rate = "" if load.rate is None else f", {load.rate:g}/s"
    pool = "" if workload.pool_size is None else f", pool of {workload.pool_size}"
    return f"{workload.name} ({load.connections} x {load.payload_bytes} B{rate}{pool})"
