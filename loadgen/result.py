"""What one load generation comes to: a value that travels as one JSON document.

Times are in microseconds, rates per second. Percentiles are of nearest rank over all samples
together, never averaged over processes.
"""

import dataclasses
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

# With fewer samples beyond it, a percentile is the luck of a few: it is refused.
SAMPLES_BEYOND = 10


class Wait(StrEnum):
    """How the generator waits for replies."""

    SPIN = "spin"
    SLEEP = "sleep"


class Recording(StrEnum):
    """What was kept of the window's samples: every one, none but their buckets, or the first."""

    RAW = "raw"
    BUCKETS = "buckets"
    BOTH = "raw, then buckets"


@dataclass(frozen=True)
class Times:
    """Of one kind of time, in µs; a percentile with fewer than ten samples beyond it is refused."""

    p50: float | None = None
    p90: float | None = None
    p99: float | None = None
    p999: float | None = None
    max: float | None = None
    mean: float | None = None


@dataclass(frozen=True)
class Series:
    """The course of a span, by steps of `step_s` seconds: replies, and of their response times.

    p50_us, p99_us: None in a step without a reply
    """

    step_s: float = 0.1
    replies: tuple[int, ...] = ()
    p50_us: tuple[float | None, ...] = ()
    p99_us: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """One thing that went wrong: with which connection of its process, and what was seen."""

    kind: str
    connection: int
    detail: str


@dataclass(frozen=True)
class Shortages:
    """What the generator's side had no more of.

    counts: how often, by name (`no-ports`, `no-descriptors`, …); detail: the first, in the
        kernel's words
    """

    counts: dict[str, int] = field(default_factory=dict)
    detail: str = ""


@dataclass(frozen=True)
class Witness:
    """What an independent client in C got of a server, under the load that the generator had put.

    throughput_rps: right replies per second; wrong: replies of another length or beginning
    window_s: how long it counted; processes: how many took part
    """

    throughput_rps: float
    wrong: int
    window_s: float
    processes: int


@dataclass(frozen=True)
class Perturbation:
    """What a generator got of a server as it is, and slowed down by a counted time per request.

    throughput_rps, slowed_rps: replies per second of the two; extra_us: for each request of the
    second; processes: how many shared the load, each with that extra time
    """

    throughput_rps: float
    slowed_rps: float
    extra_us: float
    processes: int

    @property
    def slope(self) -> float | None:
        """Return by how much of the extra time a cycle grew: 1 the generator limits, 0 the server.

        None where a slice had no reply.
        """
        if not (self.throughput_rps and self.slowed_rps):
            return None
        longer_s = self.processes / self.slowed_rps - self.processes / self.throughput_rps
        return longer_s * 1e6 / self.extra_us


@dataclass(frozen=True)
class Watched:
    """Two looks at counters of others, taken near the edges of the window.

    span_s: how far apart they were; replies: that came between them
    open_late_s, close_late_s: how long after the edges of the window they were taken
    house_cpu_s: CPU time that the process that looked used itself between them
    """

    span_s: float
    replies: float
    open_late_s: float | None = None
    close_late_s: float | None = None
    house_cpu_s: float | None = None


@dataclass(frozen=True)
class GeneratorUsage:
    """What the generator's processes used in the window, together.

    run_queue_s: time in which they could run and did not get a CPU
    peak_memory_mib: of the largest
    """

    processes: int
    cpu_s: float | None = None
    run_queue_s: float | None = None
    voluntary_switches: int | None = None
    forced_switches: int | None = None
    peak_memory_mib: float | None = None


@dataclass(frozen=True)
class RequestClass:
    """The requests of a mixture that asked for work, or those that did not.

    samples: intended in the window; throughput_rps: replies to them that came in it
    response_us, response_hdr: as in `Result`
    """

    samples: int
    throughput_rps: float
    response_us: Times
    response_hdr: str


@dataclass(frozen=True)
class Result:
    """One load generation.

    window_s: how long the window was open
    samples: requests that were intended in the window, whatever became of them
    throughput_rps: correct replies that came in the window; achieved_rps: requests sent in it
    offered_rps: what the schedule asks for; None in closed loop
    due: requests that fell due in the window by the schedule; None in closed loop
    unsent: of those, never sent; sent_late: sent more than 1 ms after they were due
    connections: active ones; not_connected: that could not be established
    connections_without_reply: those that were asked something and answered nothing
    censored: requests without a reply at the end of the drain; they count with their age
    mismatches: replies with wrong, missing or surplus bytes; errors: connections that broke
    evidence: the first few of those; silent: no connection was answered any more at the end
    stalled: connections that were answered, fell silent and stayed so for longer than the drain and
        ten times p99; stalled_since_s: when the first did, from the opening of the window
    replies_per_connection: from the opening of the window on
    fairness_jain: 1 for equal shares of the replies, 1/n if one connection had all (Jain 1984)
    effective_concurrency: requests served at a time, by Little's law: throughput x mean cycle
    response_us: received - intended; service_us: received - sent; send_lag_us: sent - intended
    connect_us: how long connects took, in churn those of the window
    response_hdr, service_hdr: all of these as HdrHistograms (base64, format V2), in `hdr_unit_ns`
    light, heavy: of a mixture, the requests without work and those with; else None
    sent, received, lost, duplicated, reordered, late: datagrams; None on streams
    series, warmup_series: the course of the window, and of the warm-up
    recorder: what was kept of the samples; wait: how the generator waited
    generator_idle_fraction: part of the window in which it had nothing to do; None where a
        generator that sleeps keeps a schedule
    generator_full_polls: part of its polls that came back with as many replies as they may bring
    next_source: the number of the source address that the next load is to begin with
    started_late_s: how long after the order to start the last process did
    """

    window_s: float
    samples: int
    throughput_rps: float
    achieved_rps: float
    connections: int
    connections_without_reply: int
    censored: int
    mismatches: int
    errors: int
    fairness_jain: float
    effective_concurrency: float
    response_us: Times
    service_us: Times
    response_hdr: str
    service_hdr: str
    series: Series
    warmup_series: Series
    send_lag_us: Times = Times()
    connect_us: Times = Times()
    hdr_unit_ns: int = 1
    light: RequestClass | None = None
    heavy: RequestClass | None = None
    offered_rps: float | None = None
    due: int | None = None
    unsent: int = 0
    sent_late: int = 0
    not_connected: int = 0
    evidence: tuple[Evidence, ...] = ()
    silent: bool = False
    stalled: int = 0
    stalled_since_s: float | None = None
    replies_per_connection: tuple[int, ...] = ()
    sent: int | None = None
    received: int | None = None
    lost: int | None = None
    duplicated: int | None = None
    reordered: int | None = None
    late: int | None = None
    recorder: Recording = Recording.RAW
    wait: Wait = Wait.SLEEP
    generator_idle_fraction: float | None = None
    generator_full_polls: float | None = None
    generator: GeneratorUsage | None = None
    shortages: Shortages = Shortages()
    watched: Watched | None = None
    next_source: int = 0
    started_late_s: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return dataclasses.asdict(self)
