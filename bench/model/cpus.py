"""Who runs where: the CPUs of both sides, and lists of CPUs as the kernel writes them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bench.model.work import Work

POOL_LEAST = 4


@dataclass(frozen=True)
class Cpus:
    """Who runs where. `shared`: server and generator have to share one CPU.

    single: the CPU of a server that can use one alone; None: it gets all of the server's side
    """

    server: tuple[int, ...]
    generator: tuple[int, ...]
    single: int | None = None

    @property
    def shared(self) -> bool:
        """Return whether the two sides disturb each other."""
        return bool(set(self.server) & set(self.generator))

    @property
    def all(self) -> tuple[int, ...]:
        """Return the CPUs of both sides, each once."""
        return tuple(sorted({*self.server, *self.generator}))

    @property
    def sides(self) -> dict[str, tuple[int, ...]]:
        """Return the CPUs of `server` and `generator`, or of `both` where they share some."""
        if self.shared:
            return {"both": self.all}
        return {"server": self.server, "generator": self.generator}

    @property
    def pool_size(self) -> int:
        """Return the default size of a pool of workers."""
        return max(POOL_LEAST, len(self.server))

    def for_server(self, many: bool, most: int | None = None) -> tuple[int, ...]:
        """Return the CPUs of one server.

        many: whether it can use more than one; most: what its workload allows, None: all there are
        """
        return (self.server if many or self.single is None else (self.single,))[:most]


def can_use_many(many_cpus: bool, many_threads: bool, work: Work | None) -> bool:
    """Tell if a server can use more than one CPU at once under work of some kind.

    many_cpus: whether it can whatever it does; many_threads: whether it can where the GIL is let go
    """
    return many_cpus or (many_threads and work is not None and work.lets_gil_go)


def parse_cpus(text: str) -> list[int]:
    """Read a CPU list such as `0-3,8`; raises ValueError."""
    cpus: list[int] = []
    for part in text.strip().split(","):
        match = re.fullmatch(r"\s*([0-9]{1,6})(?:-([0-9]{1,6}))?\s*", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if last < first:
            raise ValueError(f"{part!r} is no CPU, and no range of CPUs from low to high")
        cpus += range(first, last + 1)
    return cpus


def listed(cpus: Iterable[int]) -> str:
    """Return a CPU list as the kernel writes it: `0-3,8`."""
    ranges: list[list[int]] = []
    for cpu in sorted(cpus):
        if ranges and cpu == ranges[-1][-1] + 1:
            ranges[-1] = [ranges[-1][0], cpu]
        else:
            ranges.append([cpu, cpu])
    return ",".join(f"{low}" if low == high else f"{low}-{high}" for low, high in ranges)
