"""What goes on around a load: the server's tree, and what else used the trial's CPUs."""

from dataclasses import dataclass, field

from bench import resources
from bench.machine import Cpus
from bench.records import Usage


@dataclass(frozen=True)
class Moment:
    """The counters at one edge of the window; used_s: CPU seconds of each side's own processes."""

    server: resources.Snapshot
    used_s: dict[str, float]
    times: dict[str, resources.CpuTimes]
    frequencies_mhz: list[float]


@dataclass
class Observer:
    """Reads the counters at the moments of a trial, as the generator's fleet tells of them.

    root: of the server's process tree
    """

    root: int
    cpus: Cpus
    moments: dict[str, Moment] = field(default_factory=dict)
    usage: Usage | None = None

    def __call__(self, moment: str, generators: list[int]) -> None:
        """Be told of a moment, with the ids of the generator's processes."""
        if moment == "drained":
            edges = self.moments["open"].server, self.moments["close"].server
            self.usage = resources.usage(*edges, self.root)
        else:
            self.moments[moment] = self._look(generators)

    def _look(self, generators: list[int]) -> Moment:
        sides = self.cpus.sides
        times = {side: resources.cpu_times(cpus) for side, cpus in sides.items()}
        generator_s = sum(resources.cpu_clock_s(pid) for pid in generators)
        server = resources.snapshot(self.root)
        used_s = {"server": server.cpu_s, "generator": generator_s}
        used_s["both"] = server.cpu_s + generator_s
        return Moment(server, used_s, times, resources.frequencies_mhz(self.cpus.all))

    def others(self) -> dict[str, float]:
        """Return the part of each side's CPU time that other processes used."""
        used_s = {
            side: self._own_s("close", side) - self._own_s("open", side) for side in self.spent
        }
        return {side: times.used(used_s[side]) for side, times in self.spent.items()}

    def stolen(self) -> dict[str, float]:
        """Return the part of each side's CPU time that the hypervisor withheld."""
        return {side: times.stolen() for side, times in self.spent.items()}

    @property
    def spent(self) -> dict[str, resources.CpuTimes]:
        """Return the times of each side's CPUs from the opening of the window to its close."""
        opened, closed = self.moments["open"].times, self.moments["close"].times
        return {side: closed[side] - before for side, before in opened.items()}

    def _own_s(self, moment: str, side: str) -> float:
        return self.moments[moment].used_s[side]

    def frequencies_mhz(self) -> dict[str, list[float]] | None:
        """Return the clocks of the trial's CPUs at both edges, None where they are not told."""
        found = {name: moment.frequencies_mhz for name, moment in self.moments.items()}
        return found if all(found.values()) else None
