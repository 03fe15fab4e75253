"""The values that pass between planning, measuring and analysing; frozen, and plain as JSON."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Self

from loadgen.plan import Load

# The name of a server's twin ends so: measured beside it in each block to see the noise.
TWIN = "~aa"


@dataclass(frozen=True)
class Workload:
    """A point of the axes: how the load reaches a server. Two are equal if their axes are.

    pool_size: workers of a server that has a pool, None for the run's own number
    common_rate: whether the rate is to be one that every server of the run can carry, found at its
        start; until then the load has none
    """

    name: str = field(compare=False)
    transport: str
    load: Load
    pool_size: int | None = None
    common_rate: bool = False

    @property
    def axes(self) -> dict[str, Any]:
        """Return its place on every axis; None where it has none."""
        own = {"transport": self.transport, "pool_size": self.pool_size}
        return dataclasses.asdict(self.load) | own

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Self:
        """Rebuild a workload from plain values."""
        load = Load(**fields["load"])
        # A rate that was found is a rate like any other.
        return cls(fields["name"], fields["transport"], load, fields.get("pool_size"))


@dataclass(frozen=True)
class Cell:
    """One server under one workload."""

    server: str
    workload: Workload

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Self:
        """Rebuild a cell from plain values."""
        return cls(fields["server"], Workload.from_json(fields["workload"]))


@dataclass(frozen=True)
class Usage:
    """What the server of a trial consumed, over `span_s` seconds that enclose the window.

    cpu_s: CPU seconds of the whole process tree, children that ended included
    ctx_switches: of all its threads; None where threads ended in between and took theirs along
    pss_bytes: proportional set size of the tree, with the connections still open
    """

    span_s: float
    cpu_s: float
    ctx_switches: int | None
    pss_bytes: int | None
    processes: int
    threads: int
    open_files: int | None


@dataclass(frozen=True)
class Trial:
    """One measurement of a cell, as a line of `trials.jsonl`.

    block, position: which repeat, and the place in its shuffled order
    status: `measured`, `failed` (never became ready), `broken-echo` (wrong at the probe), or
        `instrument`: the generator, the machine or the house failed, and nothing is said of the
        server
    reason: what went wrong, in words; output: the end of what the server printed
    exit_status: of a server that ended by itself in mid-trial, else None
    server_end: `clean` or `killed`, how it went when asked
    load: the generator's digest (see loadgen/digest.py), None unless measured
    others, stolen: of the CPU time of the window, for each side's CPUs (`server`, `generator`, or
        `both` where they share some), the part that other processes used, and that the hypervisor
        withheld; both at least, for the kernel counts in steps
    frequencies_mhz: of each of the trial's CPUs as the window opened and as it closed; None where
        the machine does not tell
    throttled: what CPU quotas did in the window: `periods`, `throttled` ones, `seconds` of a stop;
        None where control groups are not visible
    counters: what the kernel counted in the window, without what it does not tell; None: nothing.
        `ListenOverflows`, `ListenDrops` (connection attempts that met a full accept queue, or were
        dropped for any reason), `TCPTimeouts`, `RetransSegs`, `DelayedACKs`, all of the whole
        network namespace; of a datagram server `udp_drops` (datagrams that its sockets had no room
        for) and `rmem_max` (bytes: a socket's receive buffer is that much at most)
    """

    block: int
    position: int
    cell: Cell
    started_at: str
    status: str
    reason: str = ""
    output: str = ""
    ready_s: float | None = None
    exit_status: int | None = None
    server_end: str = ""
    load: dict[str, Any] | None = None
    server_usage: Usage | None = None
    others: dict[str, float] | None = None
    stolen: dict[str, float] | None = None
    frequencies_mhz: dict[str, list[float]] | None = None
    throttled: dict[str, float] | None = None
    counters: dict[str, int] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the trial as plain values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Self:
        """Rebuild a trial from plain values."""
        fields = fields | {"cell": Cell.from_json(fields["cell"])}
        if fields.get("server_usage") is not None:
            fields["server_usage"] = Usage(**fields["server_usage"])
        return cls(**fields)
