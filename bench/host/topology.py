"""Which CPUs there are, which of them belong together, and which side of a run gets which."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bench.host import kernel
from bench.model.cpus import Cpus, parse_cpus

# Up to so many CPUs both sides get half: there is no surplus to be given to the generators.
HALVES_MOST = 4
# CPUs whose capacity is at least this part of the fastest one's are of one class. Favoured cores
# of one kind differ by a few per cent (Turbo Boost Max 3.0: 4.5 and 4.3 GHz, 6.0 and 5.7 GHz), two
# kinds by a fifth and more (5.7 and 4.6 GHz; on Arm 1024 and 870 or less). Half of what separates
# the kinds is also the change of a clock that makes a trial noisy (FREQUENCY_CHANGE).
SAME_CLASS = 0.9
SIBLINGS = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
# The kernel's own measure (1024 is the fastest CPU), else the highest frequency in kHz.
CAPACITIES = (
    "/sys/devices/system/cpu/cpu{}/cpu_capacity",
    "/sys/devices/system/cpu/cpu{}/cpufreq/cpuinfo_max_freq",
)

Core = tuple[int, ...]


@dataclass(frozen=True)
class Topology:
    """The CPUs that a run may use.

    cores: the CPUs of each core together, as far as they may be used
    capacity: of each CPU, on any scale; empty where the machine does not tell: all are alike
    """

    cores: tuple[Core, ...]
    capacity: Mapping[int, int]

    @property
    def cpus(self) -> tuple[int, ...]:
        """Return all CPUs."""
        return tuple(sorted(cpu for core in self.cores for cpu in core))

    @property
    def siblings(self) -> tuple[Core, ...]:
        """Return the cores that have several of the CPUs."""
        return tuple(core for core in self.cores if len(core) > 1)

    @property
    def classes(self) -> tuple[tuple[Core, ...], ...]:
        """Return the cores by how fast they are, the fastest class first."""
        classes: list[list[Core]] = []
        fastest = 0
        for core in sorted(self.cores, key=lambda core: (-self._speed(core), core)):
            if not classes or self._speed(core) < SAME_CLASS * fastest:
                classes.append([])
                fastest = self._speed(core)
            classes[-1].append(core)
        return tuple(tuple(sorted(cores)) for cores in classes)

    def _speed(self, core: Core) -> int:
        return max(self.capacity.get(cpu, 0) for cpu in core)

    def without(self, cpus: Iterable[int]) -> "Topology":
        """Return what is left if the cores of some CPUs are taken away, siblings included."""
        taken = set(cpus)
        return Topology(tuple(core for core in self.cores if not taken & {*core}), self.capacity)


def split(topology: Topology, many: bool = True) -> Cpus:
    """Return the sides of the CPUs; the CPUs of a core are never on two.

    many: whether any server of the run can use more than one CPU. With more than four CPUs the
        server's side has half of the cores then, and else one. One core alone serves both sides.

    Cores that differ in speed are not mixed within a side: both are taken from the largest class
    of fast cores; if that is a single core, it is the server's and the generator is on others.
    """
    fast, other = _pools(topology.classes)
    if other:
        return _sides(topology, fast, other)
    if len(fast) == 1:
        return Cpus(_flat(fast), _flat(fast))
    cores = _cores_of_server(topology, len(fast) // 2, many)
    return _sides(topology, fast[:cores], fast[cores:])


def assign(
    topology: Topology,
    many: bool = True,
    server: tuple[int, ...] = (),
    generator: tuple[int, ...] = (),
) -> Cpus:
    """Return the sides where users chose one or both; what they chose stands as it is.

    A side that was not chosen is taken from the cores that the other leaves, else from the
    siblings that it leaves; if it leaves none, the two have to share.
    """
    if not server and not generator:
        return split(topology, many)
    if server and generator:
        return Cpus(server, generator)
    chosen = server or generator
    left = topology.without(chosen)
    if not left.cores:
        rest = tuple(cpu for cpu in topology.cpus if cpu not in chosen) or topology.cpus
        return Cpus(server, rest) if server else Cpus(rest, generator)
    cores, _ = _pools(left.classes)
    if server:
        return Cpus(server, _flat(cores))
    most = _cores_of_server(topology, max(1, len(topology.cores) // 2), many)
    return replace(_sides(topology, cores[:most], ()), generator=generator)


def _pools(classes: tuple[tuple[Core, ...], ...]) -> tuple[tuple[Core, ...], tuple[Core, ...]]:
    """Return the cores to be shared out; or the server's and the generator's, of two classes."""
    if len(classes) == 1:
        return classes[0], ()
    largest = max(classes[:-1], key=len)  # of those alike the first, which is the fastest
    if len(largest) > 1:
        return largest, ()
    return classes[0], max(classes[1:], key=len)


def _cores_of_server(topology: Topology, half: int, many: bool) -> int:
    return half if many or len(topology.cpus) <= HALVES_MOST else 1


def _sides(topology: Topology, server: Iterable[Core], generator: Iterable[Core]) -> Cpus:
    cpus = _flat(server)
    single = cpus[0] if len(topology.cpus) > HALVES_MOST else None
    return Cpus(cpus, _flat(generator), single)


def _flat(cores: Iterable[Core]) -> tuple[int, ...]:
    return tuple(sorted(cpu for core in cores for cpu in core))


def read(cpus: Iterable[int], root: Path = kernel.ROOT) -> Topology:
    """Return the topology of some CPUs, as the kernel has it."""
    wanted = sorted(set(cpus))
    cores = {tuple(c for c in siblings(cpu, root) if c in wanted) for cpu in wanted}
    return Topology(tuple(sorted(cores)), capacities(wanted, root))


def siblings(cpu: int, root: Path = kernel.ROOT) -> Core:
    """Return the CPUs that share a core with this one, itself included."""
    try:
        sharing = parse_cpus(kernel.text(SIBLINGS.format(cpu), root) or "")
    except ValueError:
        return (cpu,)
    return tuple(sharing) if cpu in sharing else (cpu,)


def capacities(cpus: list[int], root: Path = kernel.ROOT) -> dict[int, int]:
    """Return how fast each CPU can be, all on one scale; empty where the machine does not tell."""
    for path in CAPACITIES:
        values = {cpu: kernel.number(path.format(cpu), root) for cpu in cpus}
        known = {cpu: value for cpu, value in values.items() if value}
        if len(known) == len(cpus):
            return known
    return {}
