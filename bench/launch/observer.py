"""What goes on around a load: the server's tree, and what else used the trial's CPUs."""

import contextlib
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.host import cpu_times, network_counters, quota
from bench.host.cpu_times import CpuTimes
from bench.host.quota import Throttling
from bench.launch import process_tree
from bench.model.cpus import Cpus
from bench.model.trial import Throttled, Usage
from loadgen.part import Moment
from servers.terms import Address

EDGES = (Moment.OPEN, Moment.CLOSE)


@dataclass(frozen=True)
class Counters:
    """The counters at one edge of the window; used_s: CPU seconds of each side's own processes.

    times: of each side's CPUs, None where the kernel does not tell
    throttling: of the control groups, None where they are not visible
    counters: the kernel's, as `bench.host.network_counters` reads them
    """

    server: process_tree.Snapshot
    used_s: dict[str, float]
    times: dict[str, CpuTimes | None]
    frequencies_mhz: list[float]
    throttling: dict[Path, Throttling] | None = None
    counters: dict[str, int] = field(default_factory=dict)


@dataclass
class Observer:
    """Reads the counters at the moments of a trial, as the generator's fleet tells of them.

    root: of the server's process tree
    address: of the server, to find the sockets of a datagram server; None: they are not looked at
    weighed: seconds from the opening of the window, and the bytes resident then
    """

    root: int
    cpus: Cpus
    moments: dict[Moment, Counters] = field(default_factory=dict)
    usage: Usage | None = None
    address: Address | None = None
    weighed: list[tuple[float, int | None]] = field(default_factory=list)

    def __call__(self, moment: Moment, generators: list[int]) -> int:
        """Be told of a moment, with the ids of the generator's processes.

        Returns when the server's CPU clocks were read, monotonic in nanoseconds, at the edges of
        the window: CPU per request is the CPU time between two such moments over the replies
        between them, wherever the window's own edges are.
        """
        if moment is Moment.WITHIN:
            return self._weigh()
        if moment is Moment.DRAINED:
            edges = self.moments[Moment.OPEN].server, self.moments[Moment.CLOSE].server
            usage = process_tree.usage(*edges, self.root)
            self.usage = replace(usage, resident=self._resident())
            return time.monotonic_ns()
        self.moments[moment] = seen = self._look(generators)
        self._weigh()
        return seen.server.cpu.at_ns

    def _weigh(self) -> int:
        """Read the memory of the processes that were there at the opening; return when."""
        now_ns, opened = time.monotonic_ns(), self.moments[Moment.OPEN].server
        at_s = (now_ns - opened.cpu.at_ns) / 1e9
        self.weighed.append((at_s, process_tree.resident_bytes(opened.processes)))
        return now_ns

    def _resident(self) -> tuple[tuple[float, int], ...]:
        known = [(round(at_s, 3), size) for at_s, size in self.weighed if size is not None]
        return tuple(known) if len(known) == len(self.weighed) else ()

    def _look(self, generators: list[int]) -> Counters:
        """Read what belongs to one instant first, what takes its time behind it."""
        pids = process_tree.descendants(self.root)
        times = {side: cpu_times.read(cpus) for side, cpus in self.cpus.sides.items()}
        generator_s = 0.0
        for pid in generators:
            with contextlib.suppress(OSError):  # it has died: the fleet says so
                generator_s += process_tree.cpu_clock_s(pid)
        cpu = process_tree.read_cpu(self.root, pids)
        used_s = {"server": cpu.cpu_s, "generator": generator_s, "both": cpu.cpu_s + generator_s}
        return Counters(
            process_tree.snapshot(cpu, self.root, pids),
            used_s,
            times,
            process_tree.frequencies_mhz(self.cpus.all),
            quota.throttling(),
            network_counters.read(self.address),
        )

    def others(self) -> dict[str, float]:
        """Return the part of each side's CPU time that other processes used.

        A side of which the kernel does not tell is left out, here and in `stolen`.
        """
        shares = {
            side: times.used(self._own_s(Moment.CLOSE, side) - self._own_s(Moment.OPEN, side))
            for side, times in self.spent.items()
        }
        return {side: share for side, share in shares.items() if share is not None}

    def stolen(self) -> dict[str, float]:
        """Return the part of each side's CPU time that the hypervisor withheld."""
        shares = {side: times.stolen() for side, times in self.spent.items()}
        return {side: share for side, share in shares.items() if share is not None}

    @property
    def spent(self) -> dict[str, CpuTimes]:
        """Return the times of each side's CPUs from the opening of the window to its close."""
        opened, closed = self.moments[Moment.OPEN].times, self.moments[Moment.CLOSE].times
        edges = {side: (before, closed[side]) for side, before in opened.items()}
        return {
            side: after - before
            for side, (before, after) in edges.items()
            if before is not None and after is not None
        }

    def _own_s(self, moment: Moment, side: str) -> float:
        return self.moments[moment].used_s[side]

    def throttled(self) -> Throttled | None:
        """Return what CPU quotas did in the window, of the group that was held up the longest.

        None where control groups are not visible.
        """
        spent = quota.worst(*(self.moments[edge].throttling for edge in EDGES))
        if spent is None:
            return None
        return Throttled(spent.periods, spent.throttled, spent.seconds)

    def counters(self) -> dict[str, int] | None:
        """Return what the kernel counted in the window (see `Trial`); None where it tells nothing.

        A datagram server's come with `rmem_max`, what its receive buffer can be at most.
        """
        edges = (self.moments[edge].counters for edge in EDGES)
        counted = network_counters.between(*edges)
        most = network_counters.receive_buffer_most() if "udp_drops" in counted else None
        return (counted if most is None else counted | {"rmem_max": most}) or None

    def uncertain_s(self) -> float:
        """Return by how much the span between the two readings of the server's CPU may be off."""
        return sum(moment.server.cpu.uncertain_ns for moment in self.moments.values()) / 1e9

    def frequencies_mhz(self) -> dict[str, list[float]] | None:
        """Return the clocks of the trial's CPUs at both edges, None where they are not told."""
        clocks = {str(name): seen.frequencies_mhz for name, seen in self.moments.items()}
        return clocks if all(clocks.values()) else None
