"""Which side gets which CPUs: by hand for small machines, by rule for all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.host import topology
from bench.host.topology import Core, Topology
from bench.model.cpus import Cpus, listed, parse_cpus


def made(cores: int, threads: int = 1, capacity: int = 1024, first: int = 0) -> Topology:
    """Return so many equal cores; the siblings of a core are numbered as the kernel does."""
    numbers = range(first, first + cores)
    found = tuple(tuple(n + cores * thread for thread in range(threads)) for n in numbers)
    return Topology(found, {cpu: capacity for core in found for cpu in core})


def hybrid(*classes: tuple[int, int, int]) -> Topology:
    """Return classes of cores: how many, of how many CPUs, how fast; CPUs in a row, as on Intel."""
    cores: list[Core] = []
    capacity: dict[int, int] = {}
    for count, threads, value in classes:
        for _ in range(count):
            core = tuple(range(len(capacity), len(capacity) + threads))
            cores.append(core)
            capacity |= dict.fromkeys(core, value)
    return Topology(tuple(cores), capacity)


def sides(cpus: Cpus) -> tuple[str, str]:
    return listed(cpus.server), listed(cpus.generator)


@pytest.mark.parametrize(
    ("machine", "many", "server", "generator", "single"),
    [
        pytest.param(made(1), True, "0", "0", None, id="one CPU is shared"),
        pytest.param(made(1, 2), True, "0-1", "0-1", None, id="so is one core"),
        pytest.param(made(2), False, "0", "1", None, id="2: halves"),
        pytest.param(made(2, 2), False, "0,2", "1,3", None, id="4 of 2 cores: halves"),
        pytest.param(made(3), False, "0", "1-2", None, id="3: the odd one generates"),
        pytest.param(made(4), False, "0-1", "2-3", None, id="4: halves"),
        pytest.param(made(4), True, "0-1", "2-3", None, id="4, many: halves"),
        pytest.param(made(8), False, "0", "1-7", 0, id="8: one"),
        pytest.param(made(8), True, "0-3", "4-7", 0, id="8, many: half"),
        pytest.param(made(4, 2), False, "0,4", "1-3,5-7", 0, id="8 of 4 cores: a core"),
        pytest.param(made(4, 2), True, "0-1,4-5", "2-3,6-7", 0, id="8 of 4 cores, many: half"),
        pytest.param(made(16), False, "0", "1-15", 0, id="16: one"),
        pytest.param(made(16), True, "0-7", "8-15", 0, id="16, many: half"),
        pytest.param(made(8, 2), False, "0,8", "1-7,9-15", 0, id="16 of 8 cores: a core"),
        pytest.param(made(64), False, "0", "1-63", 0, id="64: one"),
        pytest.param(made(64), True, "0-31", "32-63", 0, id="64, many: half"),
        pytest.param(made(32, 2), False, "0,32", "1-31,33-63", 0, id="64 of 32 cores: a core"),
        pytest.param(made(32, 2), True, "0-15,32-47", "16-31,48-63", 0, id="64 of 32, many: half"),
        pytest.param(made(5, first=3), False, "3", "4-7", 3, id="part of a machine"),
    ],
)
def test_the_sides_of_equal_cores(
    machine: Topology, many: bool, server: str, generator: str, single: int | None
) -> None:
    cpus = topology.split(machine, many)
    assert sides(cpus) == (server, generator)
    assert cpus.single == single


FAST, SLOW = 5600, 4200


@pytest.mark.parametrize(
    ("machine", "many", "server", "generator"),
    [
        pytest.param(
            hybrid((8, 2, FAST), (16, 1, SLOW)), True, "0-7", "8-15", id="both on fast cores"
        ),
        pytest.param(
            hybrid((8, 2, FAST), (16, 1, SLOW)), False, "0-1", "2-15", id="one fast core, the rest"
        ),
        pytest.param(
            hybrid((2, 2, FAST), (8, 1, SLOW)), True, "0-1", "2-3", id="two fast cores are enough"
        ),
        pytest.param(
            hybrid((1, 2, FAST), (4, 1, SLOW)), True, "0-1", "2-5", id="one fast core is a server's"
        ),
        pytest.param(hybrid((1, 1, FAST), (1, 1, SLOW)), True, "0", "1", id="one of each"),
        pytest.param(
            hybrid((1, 1, 1024), (3, 1, 870), (4, 1, 350)), False, "1", "2-3", id="a prime core"
        ),
        pytest.param(
            hybrid((2, 2, 6000), (6, 2, 5700)), False, "0-1", "2-15", id="favoured cores are equal"
        ),
    ],
)
def test_fast_and_slow_cores_are_not_mixed_within_a_side(
    machine: Topology, many: bool, server: str, generator: str
) -> None:
    assert sides(topology.split(machine, many)) == (server, generator)


def every_machine() -> Iterator[Topology]:
    for cpus in (2, 4, 8, 16, 64):
        yield made(cpus)
        yield made(cpus // 2, 2)
        yield hybrid((cpus // 2, 1, FAST), (cpus // 2, 1, SLOW))
        yield hybrid((max(1, cpus // 4), 2, FAST), (cpus // 2, 1, SLOW))
        yield hybrid((1, 1, 1024), (cpus // 2, 1, 800), (cpus // 2, 1, 300))


@pytest.mark.parametrize("many", [True, False])
def test_on_every_machine_a_core_is_whole_and_of_one_side(many: bool) -> None:
    for machine in every_machine():
        cpus = topology.split(machine, many)
        assert cpus.server
        assert cpus.generator
        for core in machine.cores:
            held = [side for side in (cpus.server, cpus.generator) if {*core} & {*side}]
            assert all({*core} <= {*side} for side in held)
            assert len(held) < 2 or cpus.shared
        for side in (cpus.server, cpus.generator):
            found = [cores for cores in machine.classes if {*side} & {*sum(cores, ())}]
            assert len(found) == 1
        if cpus.shared:
            assert len(machine.cores) == 1


class TestOneServer:
    def test_a_server_that_can_use_one_gets_one(self) -> None:
        cpus = topology.split(made(8))
        assert cpus.for_server(many=True) == (0, 1, 2, 3)
        assert cpus.for_server(many=True, most=2) == (0, 1)
        assert cpus.for_server(many=False) == (0,)
        assert cpus.for_server(many=False, most=2) == (0,)
        assert cpus.generator == (4, 5, 6, 7)

    def test_up_to_four_cpus_all_get_the_half(self) -> None:
        assert topology.split(made(4)).for_server(many=False) == (0, 1)

    def test_what_users_chose_is_for_every_server(self) -> None:
        cpus = topology.assign(made(8), many=False, server=(2, 3))
        assert cpus.for_server(many=False) == (2, 3)


@pytest.mark.parametrize(
    ("machine", "many", "server", "generator", "expected"),
    [
        pytest.param(made(8), True, (7,), (0, 1), ("7", "0-1"), id="both stand as they are"),
        pytest.param(made(8), True, (7,), (), ("7", "0-6"), id="the rest generates"),
        pytest.param(made(4, 2), True, (3,), (), ("3", "0-2,4-6"), id="but not the sibling"),
        pytest.param(made(2), True, (1,), (), ("1", "0"), id="the other of two"),
        pytest.param(made(1, 2), True, (1,), (), ("1", "0"), id="a sibling if there is no other"),
        pytest.param(made(1), True, (0,), (), ("0", "0"), id="shared if there is nothing else"),
        pytest.param(made(8), True, (), (0, 1), ("2-5", "0-1"), id="half of all serve"),
        pytest.param(made(8), False, (), (0, 1), ("2", "0-1"), id="or one"),
        pytest.param(made(2), True, (), (0,), ("1", "0"), id="or the other of two"),
        pytest.param(made(8), True, (0, 1), (1, 2), ("0-1", "1-2"), id="even where they overlap"),
    ],
)
def test_what_users_choose_wins(
    machine: Topology,
    many: bool,
    server: tuple[int, ...],
    generator: tuple[int, ...],
    expected: tuple[str, str],
) -> None:
    assert sides(topology.assign(machine, many, server, generator)) == expected


class TestReading:
    def tree(self, root: Path, files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = root / "sys/devices/system/cpu" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n")
        return root

    def test_siblings_that_may_not_be_used_are_left_out(self, tmp_path: Path) -> None:
        siblings = {f"cpu{n}/topology/thread_siblings_list": f"{n % 2},{n % 2 + 2}" for n in (0, 2)}
        root = self.tree(tmp_path, siblings)
        assert topology.read([0, 2, 3], root).cores == ((0, 2), (3,))
        assert topology.read([2], root).cores == ((2,),)

    def test_a_machine_that_tells_nothing_has_equal_cores(self, tmp_path: Path) -> None:
        found = topology.read([0, 1], tmp_path)
        assert found == Topology(((0,), (1,)), {})
        assert found.classes == (((0,), (1,)),)

    def test_the_kernels_capacity_goes_before_the_frequency(self, tmp_path: Path) -> None:
        root = self.tree(
            tmp_path,
            {"cpu0/cpu_capacity": "1024", "cpu1/cpu_capacity": "400"}
            | {f"cpu{n}/cpufreq/cpuinfo_max_freq": "3000000" for n in (0, 1)},
        )
        assert topology.read([0, 1], root).classes == (((0,),), ((1,),))

    def test_one_scale_for_all_or_none(self, tmp_path: Path) -> None:
        root = self.tree(
            tmp_path,
            {"cpu0/cpu_capacity": "1024", "cpu0/cpufreq/cpuinfo_max_freq": "5000000"}
            | {"cpu1/cpufreq/cpuinfo_max_freq": "3800000"},
        )
        assert topology.read([0, 1], root).capacity == {0: 5_000_000, 1: 3_800_000}
        assert topology.read([0, 1, 2], root).capacity == {}


@pytest.mark.parametrize("text", ["0", "0-2,8", "1,3,5-7"])
def test_cpu_lists(text: str) -> None:
    assert listed(parse_cpus(text)) == text
