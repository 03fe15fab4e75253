"""The values that pass between planning, measuring and analysing; frozen, and plain as JSON."""

import dataclasses
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bench.model.interpreter import Runtime
from bench.model.work import Work, duration
from loadgen.plan import Load
from loadgen.result import Perturbation, Result, Witness

# The name of a server's twin ends so: measured beside it in each block to see the noise.
TWIN = "~aa"


class Status(StrEnum):
    """How a trial ended."""

    MEASURED = "measured"
    FAILED = "failed"  # the server never became ready
    BROKEN_ECHO = "broken-echo"  # it answered the probe with other bytes
    INSTRUMENT = "instrument"  # the generator, the machine or the house failed
    UNSUITED = "unsuited"  # the server does not know what the workload asks for: it was not started


@dataclass(frozen=True)
class Workload:
    """A point of the axes: how the load reaches a server. Two are equal if their axes are.

    pool_size: workers of a server that has a pool, None for the run's own number
    common_rate: whether the rate is to be one that every server of the run can carry, found at its
        start; until then the load has none
    work: what requests ask for beside their echo; None is nothing
    hog: the kind of work of a thread beside the server that never stops; None: there is none
    switch_interval_us: how long a thread keeps the GIL from one that wants it; None: the default
    cpus: how many CPUs a server has at most, of those of its side; None: as many as it can use
    """

    name: str = field(compare=False)
    transport: str
    load: Load
    pool_size: int | None = None
    common_rate: bool = False
    work: Work | None = None
    hog: str | None = None
    switch_interval_us: float | None = None
    cpus: int | None = None

    @property
    def axes(self) -> dict[str, Any]:
        """Return its place on every axis; None where it has none."""
        interval = self.switch_interval_us
        own = {
            "transport": self.transport,
            "pool_size": self.pool_size,
            "cpus": self.cpus,
            "work": self.work and str(self.work),
            "hog": self.hog,
            "switch_interval": interval and duration(interval),
        }
        return dataclasses.asdict(self.load) | own

    @property
    def mixture(self) -> bool:
        """Tell if some of its requests ask for work and the others do not."""
        return self.work is not None and self.work.mixture

    @property
    def inside(self) -> bool:
        """Tell if it asks for what only a server that this house starts can be told."""
        return (self.work, self.hog, self.switch_interval_us) != (None, None, None)


@dataclass(frozen=True)
class Cell:
    """One server under one workload."""

    server: str
    workload: Workload


@dataclass(frozen=True)
class Usage:
    """What the server of a trial consumed, over `span_s` seconds that enclose the window.

    cpu_s: CPU seconds of the whole process tree, children that ended included
    ctx_switches: of all its threads; None where threads ended in between and took theirs along
    pss_bytes: proportional set size of the tree, with the connections still open
    processes, threads, open_files: as the window closed
    kernel_s: of `cpu_s`, what passed within the kernel, by its ticks; None of an earlier version
    resident: in the course of the window, seconds from its opening and bytes of resident memory,
        shared pages in each of the processes; nothing where processes ended meanwhile
    """

    span_s: float
    cpu_s: float
    ctx_switches: int | None
    pss_bytes: int | None
    processes: int
    threads: int
    open_files: int | None
    kernel_s: float | None = None
    resident: tuple[tuple[float, int], ...] = ()


@dataclass(frozen=True)
class Throttled:
    """What CPU quotas did in the window.

    periods: of the quota that began; throttled: those in which it was used up
    seconds: for which processes were stopped, summed over CPUs
    """

    periods: float
    throttled: float
    seconds: float


@dataclass(frozen=True)
class Met:
    """A limit of this machine that a server ran into: what it is, and how to raise it."""

    limit: str
    remedy: str


@dataclass(frozen=True)
class Trial:
    """One measurement of a cell, as a line of `trials.jsonl`.

    block, position: which repeat, and the place in its shuffled order
    started_at: ISO 8601, UTC; ready_s: from the start of the server to its first proven echoes
    reason: what went wrong, in words; output: the end of what the server printed
    exit_status: of a server that ended by itself in mid-trial, else None
    server_end: `clean` or `killed`, how it went when asked
    runtime: what its Python was at that end, with what it had imported; None of a foreign command,
        and of one that could not say it any more
    result: what the generator saw, None unless measured
    others, stolen: of the CPU time of the window, for each side's CPUs (`server`, `generator`, or
        `both` where they share some), the part that other processes used, and that the hypervisor
        withheld; both at least, for the kernel counts in steps
    frequencies_mhz: of each of the trial's CPUs as the window opened and as it closed; None where
        the machine does not tell
    throttled: None where control groups are not visible
    counters: what the kernel counted in the window, without what it does not tell; None: nothing.
        `ListenOverflows`, `ListenDrops` (connection attempts that met a full accept queue, or were
        dropped for any reason), `TCPTimeouts`, `RetransSegs`, `DelayedACKs`, all of the whole
        network namespace; of a datagram server `udp_drops` (datagrams that its sockets had no room
        for) and `rmem_max` (bytes: a socket's receive buffer is that much at most)
    witness: what an independent client got of the same server, right after the window
    no_witness: why there is none
    perturbation: what slowing the generator down has shown instead
    met: what kept the server from holding all connections; None: nothing that is known
    """

    block: int
    position: int
    cell: Cell
    started_at: str
    status: Status
    reason: str = ""
    output: str = ""
    ready_s: float | None = None
    exit_status: int | None = None
    server_end: str = ""
    result: Result | None = None
    server_usage: Usage | None = None
    others: dict[str, float] | None = None
    stolen: dict[str, float] | None = None
    frequencies_mhz: dict[str, list[float]] | None = None
    throttled: Throttled | None = None
    counters: dict[str, int] | None = None
    witness: Witness | None = None
    no_witness: str = ""
    perturbation: Perturbation | None = None
    runtime: Runtime | None = None
    met: Met | None = None
