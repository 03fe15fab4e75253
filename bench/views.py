"""What charts and pages show of a run: its workloads, and each cell's figures with intervals."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from bench import frames, histograms, stats, words
from bench.checks import Verdict
from bench.records import Cell, Trial, Workload
from bench.stats import Estimate
from bench.store import Run

Curve = tuple[list[float], list[float]]


@dataclass(frozen=True)
class CellView:
    """A cell as it is shown.

    index: the server's place in the run, the same in every chart
    figures: of each trial that has any, by block and column
    """

    index: int
    server: str
    family: str
    workload: Workload
    verdict: Verdict
    trials: list[Trial]
    figures: dict[int, dict[str, Any]]

    @property
    def ranked(self) -> bool:
        """Tell if it has a place in a ranking."""
        return self.verdict.ranked and self.estimate("throughput_rps") is not None

    @property
    def bound(self) -> bool:
        """Tell if its throughput is a lower bound."""
        return self.verdict.name == "generator-bound"

    def by_block(self, column: str) -> dict[int, float]:
        """Return a column's values by block, where there are any."""
        values = {block: found.get(column) for block, found in self.figures.items()}
        return {block: value for block, value in values.items() if value is not None}

    def estimate(self, column: str) -> Estimate | None:
        """Return a column's geometric mean and interval if most of the trials have a value."""
        values = list(self.by_block(column).values())
        return _geometric(tuple(values)) if len(values) * 2 > len(self.figures) else None

    def throughput(self) -> str:
        """Return `≥ 41,200 ± 300 /s`, empty if nothing was measured."""
        found = self.estimate("throughput_rps")
        return "" if found is None else ("≥ " if self.bound else "") + words.estimate(found, "/s")

    @cached_property
    def response(self) -> Curve | None:
        """Return the nines and the µs of the response time over all trials."""
        return self._curve("response_hdr")

    @cached_property
    def service(self) -> Curve | None:
        """Return the nines and the µs of the service time over all trials."""
        return self._curve("service_hdr")

    def _curve(self, name: str) -> Curve | None:
        loads = [trial.load for trial in self.trials if trial.load is not None]
        return histograms.curve((load[name], load["hdr_unit_ns"]) for load in loads)


@dataclass(frozen=True)
class WorkloadView:
    """A workload and its cells: those ranked by throughput first, then the others."""

    label: str
    workload: Workload
    cells: list[CellView]

    @property
    def measured(self) -> list[CellView]:
        """Return the cells with figures."""
        return [cell for cell in self.cells if cell.figures]

    @property
    def ranked(self) -> list[CellView]:
        """Return the cells that have a place, the fastest first."""
        return [cell for cell in self.cells if cell.ranked]

    def described(self) -> str:
        """Return the axes in words: `50 connections kept open, 64 B, closed loop, TCP`."""
        load = self.workload.load
        parts = [words.count(load.connections, "connection", "connections")]
        if load.requests_per_connection is None:
            parts[0] += " kept open"
        else:
            requests = words.count(load.requests_per_connection, "request", "requests")
            parts.append(f"reconnecting after {requests}")
        parts.append(f"{load.payload_bytes:,} B")
        if load.rate is None:
            parts.append("closed loop")
            parts += [f"depth {load.depth}"] if load.depth > 1 else []
            parts += [f"{load.think_us:,} µs think time"] if load.think_us else []
        else:
            parts.append(f"open loop, {load.rate:,g} requests/s offered ({load.arrivals} gaps)")
        parts += [f"{load.idle:,} idle connections"] if load.idle else []
        return ", ".join([*parts, self.workload.transport.upper()])


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

    @property
    def finished(self) -> bool:
        """Tell if the run came to its end."""
        return bool(self.run.header.get("finished_at"))

    def cpus(self) -> str:
        """Return which CPUs each side had: `server: 1 CPU (0); generator: 1 CPU (1)`."""
        split = self.run.header.get("cpus") or {}
        sides = [f"{side}: {_cpus(split[side])}" for side in ("server", "generator") if split[side]]
        shared = ["shared by both"] if split.get("shared") else []
        return "; ".join(sides + shared)


def view(run: Run) -> RunView:
    """Return what is shown of a run."""
    trials, judged = frames.cells(run), frames.verdicts(run)
    servers = frames.servers_of(run)
    index = {name: place for place, name in enumerate(_names(servers, trials))}
    labels = frames.labels(cell.workload for cell in trials)
    shown: dict[Workload, list[CellView]] = {workload: [] for workload in labels}
    for cell, found in trials.items():
        family = str(servers.get(cell.server, {}).get("family") or "other")
        figures = {trial.block: frames.figures(trial) for trial in found if trial.load is not None}
        shown[cell.workload].append(
            CellView(
                index[cell.server],
                cell.server,
                family,
                cell.workload,
                judged[cell],
                found,
                figures,
            )
        )
    return RunView(
        run,
        [
            WorkloadView(labels[workload], workload, sorted(cells, key=_place))
            for workload, cells in shown.items()
        ],
    )


@cache
def _geometric(values: tuple[float, ...]) -> Estimate | None:
    return stats.geometric(values)


def _names(servers: Mapping[str, Any], cells: Iterable[Cell]) -> list[str]:
    return list(dict.fromkeys([*servers, *(cell.server for cell in cells)]))


def _place(cell: CellView) -> tuple[bool, float, str]:
    """Sort what is ranked by throughput, and after it the rest by name."""
    found = cell.estimate("throughput_rps")
    return (not cell.ranked, -found.value if found and cell.ranked else 0.0, cell.server)


def _cpus(cpus: list[int]) -> str:
    return f"{words.count(len(cpus), 'CPU', 'CPUs')} ({', '.join(map(str, cpus))})"
