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
        """Return the part of each side's CPU time that neither side's own processes used."""
        opened, closed = self.moments["open"], self.moments["close"]
        found = {}
        for side, before in opened.times.items():
            spent = closed.times[side] - before
            own_s = closed.used_s[side] - opened.used_s[side]
            found[side] = max(0.0, spent.busy_s - own_s) / spent.available_s
        return found

    def stolen(self) -> dict[str, float]:
        """Return the part of each side's CPU time that the hypervisor withheld."""
        opened, closed = self.moments["open"].times, self.moments["close"].times
        spent = {side: closed[side] - before for side, before in opened.items()}
        return {side: each.stolen_s / each.available_s for side, each in spent.items()}

    def frequencies_mhz(self) -> dict[str, list[float]] | None:
        """Return the clocks of the trial's CPUs at both edges, None where they are not told."""
        found = {name: moment.frequencies_mhz for name, moment in self.moments.items()}
        return found if all(found.values()) else None
