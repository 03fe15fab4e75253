"""What `run.json` holds: enough to run it again, and to know whether another run is comparable."""

from dataclasses import dataclass, field
from typing import TypedDict

from bench.model.calibration import Calibration
from bench.model.cpus import Cpus
from bench.model.server import EventLoop
from bench.model.trial import Cell, Workload
from loadgen.result import Wait

# 1: run.json, trials.jsonl, samples/; results as loadgen.result describes them.
# 2: in a trial `others` and `stolen` by side, as shares; before, one number of seconds for each.
#    The series of a warm-up has whole steps only; before, it could end in one that was cut short.
# 3: a load has `assignment` and `wait`, the configuration `generator_wait`; a trial may be
#    `instrument` and has `throttled`. Before, generators slept, and the connections of an open
#    loop took turns. Latency is of the requests intended in the window; before, also of those
#    outstanding at its opening, and in closed loop it began when the predecessor was read.
# 4: a trial's `load` is its `result`, without the generator's self-checks and its mean cycle; a
#    server has `sources`, which lie beside the run; the header says which `version` measured.
SCHEMA = 4


@dataclass(frozen=True)
class Source:
    """A file that a server was made of: its path, and the SHA-256 of its text (hexadecimal)."""

    path: str
    sha256: str


@dataclass(frozen=True)
class ServerEntry:
    """A server of a run: what a report needs to know of it, and what starts it again.

    kind: `stream`, `datagram`, or `any` for what is not a variant of the tree
    summary: the first line of its docstring; source: its file, or what is run
    command: the command line of a foreign server; loop: the event loop of one that brings its own
    python: the interpreter it ran under, in words; python_words: what started another than ours
    packages: versions of those that it needs, under its own interpreter
    max_clients: that it serves at once by design, `pool`: as many as the pool has workers
    many_cpus: whether it can use several; many_threads: also where work lets the GIL go
    own_listeners: whether each worker has its own
    sources: the variant's file, then those that it takes its model from
    files: what it runs beside those: of a foreign command its words that are programs or files; of
        another interpreter than ours its program; of an event loop of one's own its module
    gil, jit: whether its interpreter has a global lock, and compiles; None of a foreign command
    """

    name: str
    family: str = "other"
    kind: str | None = None
    summary: str = ""
    source: str = ""
    command: str | None = None
    loop: EventLoop | None = None
    python: str | None = None
    python_words: tuple[str, ...] | None = None
    packages: dict[str, str] = field(default_factory=dict)
    max_clients: int | str | None = None
    many_cpus: bool = False
    many_threads: bool = False
    own_listeners: bool = False
    sources: tuple[Source, ...] = ()
    files: tuple[Source, ...] = ()
    gil: bool | None = None
    jit: bool | None = None


@dataclass(frozen=True)
class Config:
    """What was asked for, after options and suite.

    duration_s, warmup_s, drain_s: of a trial; trials: how many blocks were planned
    until: the relative half width that intervals were to reach, None: not asked for
    budget_s: time limit for blocks that are repeated or added
    pool_size: workers of a pool; generator_wait: where a load does not say
    base: the interpreter that others are compared with, empty: the harness's own, or the first
    slo: of a run that looks for capacities, the limits; `until` is then of a whole interval's width
    """

    suite: str
    servers: tuple[ServerEntry, ...]
    workloads: tuple[Workload, ...]
    duration_s: float
    warmup_s: float
    trials: int
    drain_s: float = 1.0
    until: float | None = None
    budget_s: float = 0.0
    pool_size: int | None = None
    generator_wait: Wait = Wait.SPIN
    base: str = ""
    slo: tuple[str, ...] = ()


class Machine(TypedDict, total=False):
    """The facts of a machine that a result depends on; None where they are unknown.

    cpus: all that it has; usable_cpus: those that this process may use
    cores: of each usable CPU how fast it can be, all on one scale
    quota_cpus: the tightest of the control groups, in CPUs, or `none`
    ports: the range of local ports, `low` and `high`
    The others are named as the kernel names them; memory and swap are in MiB.
    """

    system: str
    kernel: str
    architecture: str
    cpu_model: str
    cpus: int | None
    usable_cpus: list[int]
    cores: dict[str, int | None]
    quota_cpus: float | str | None
    memory_mib: int | None
    swap_mib: int | None
    virtualised: bool | None
    governor: str
    clock_source: str | None
    load_average: list[float] | None
    address_randomisation: str | None
    somaxconn: str | None
    ports: dict[str, int] | None
    time_wait_sockets: int | None
    tcp_tw_reuse: int | None
    tcp_max_tw_buckets: int | None


@dataclass(frozen=True)
class Header:
    """One run, without its trials.

    run_id: the name of its folder; created_at, finished_at: ISO 8601, UTC
    command: what was typed; seed: of the order, the payloads and the arrivals
    order: of each block, its cells as indexes of `cells`
    skipped: why servers that were asked for were left out
    terms: the socket options and limits that were set for all, in words
    versions: of the interpreter and of the packages that took part
    version: of this project; commit: of its checkout, with `+` if files differed from it
    complete: whether all that was planned has been measured; None while it is not at its end
    looks: how often it came to an end with a report: who adds blocks to it has looked before
    """

    run_id: str
    created_at: str
    config: Config
    seed: int = 1
    schema: int = SCHEMA
    command: tuple[str, ...] = ()
    order: tuple[tuple[int, ...], ...] = ()
    skipped: tuple[str, ...] = ()
    cells: tuple[Cell, ...] = ()
    cpus: Cpus | None = None
    terms: dict[str, str] = field(default_factory=dict)
    machine: Machine = field(default_factory=Machine)
    versions: dict[str, str] = field(default_factory=dict)
    version: str | None = None
    commit: str | None = None
    calibration: Calibration | None = None
    finished_at: str | None = None
    complete: bool | None = None
    looks: int = 1
