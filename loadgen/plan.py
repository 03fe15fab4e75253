"""What one load generation is asked to do: a value that travels as one JSON document."""

import dataclasses
import json
import math
import re
from dataclasses import dataclass
from typing import Any, Self

from loadgen.marks import MARK_END

ARRIVALS = ("exponential", "constant")
ASSIGNMENTS = ("random", "turns")
WAITS = ("spin", "sleep")
# The most that IPv4 leaves to a datagram: 65,535 bytes less the headers of IP and UDP.
DATAGRAM_MAX = 65_507


class PlanError(ValueError):
    """A plan that cannot be carried out; the message names the option and the remedy."""


def _real(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not (math.isfinite(value) and low <= value <= high):
        raise PlanError(f"{name} {value}: give a number from {low:g} to {high:g}")


def _whole(name: str, value: int | None, low: int, high: int) -> None:
    _real(name, value, low, high)


def _one_of(name: str, value: str | None, choices: tuple[str, ...]) -> None:
    if value is not None and value not in choices:
        raise PlanError(f"{name} {value!r}: choose from {', '.join(choices)}")


@dataclass(frozen=True)
class Target:
    """Where the load goes: `HOST:PORT`, `[HOST]:PORT`, `unix:PATH` or `udp:HOST:PORT`."""

    transport: str
    host: str = ""
    port: int = 0
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a target as users write it; raises PlanError."""
        if text.startswith("unix:") and len(text) > len("unix:"):
            return cls("unix", path=text.removeprefix("unix:"))
        match = re.fullmatch(r"(udp:)?(?:\[([0-9a-fA-F:.%]+)\]|([^:\[\]/]+)):(\d{1,5})", text)
        if match is None or not 0 < int(match[4]) < 65536:
            raise PlanError(
                f"target {text!r}: write HOST:PORT, [::1]:PORT, unix:PATH or udp:HOST:PORT"
            )
        if match[1] and match[2]:
            raise PlanError(f"target {text!r}: UDP is driven over IPv4; write udp:HOST:PORT")
        transport = "udp" if match[1] else "tcp6" if match[2] else "tcp"
        return cls(transport, host=match[2] or match[3], port=int(match[4]))

    def __str__(self) -> str:
        """Return the form that `parse` reads."""
        if self.transport == "unix":
            return f"unix:{self.path}"
        host = f"[{self.host}]" if self.transport == "tcp6" else self.host
        return f"{'udp:' if self.transport == 'udp' else ''}{host}:{self.port}"

    @property
    def address(self) -> tuple[str, int] | str:
        """Return what `connect` takes."""
        return self.path if self.transport == "unix" else (self.host, self.port)


@dataclass(frozen=True)
class Load:
    """The load itself, without its target: what a workload asks of the generator.

    connections: active ones; payload_bytes: of each request and reply
    requests_per_connection: None keeps every connection; N is churn, a new one after N replies
    depth: requests in flight on a connection (closed loop)
    think_us: pause between a reply and the next request (closed loop)
    rate: requests per second offered in open loop; None is closed loop. In churn connections fall
        due at that rate / N, at most `connections` of them open at once, and the N requests of each
        follow one another
    arrivals: gaps between what is offered, exponential or constant
    assignment: which connection a request of an open loop goes to, drawn at random or by turns
    max_in_flight: requests in flight at most in open loop; None is no limit
    idle: connections beside the active ones that never send
    wait: how the generator waits for replies, `spin` or `sleep`; None is as the plan says
    """

    connections: int = 50
    payload_bytes: int = 64
    requests_per_connection: int | None = None
    depth: int = 1
    think_us: int = 0
    rate: float | None = None
    arrivals: str = "exponential"
    max_in_flight: int | None = None
    idle: int = 0
    assignment: str = "random"
    wait: str | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no sense; raises PlanError with one line."""
        _whole("connections", self.connections, 1, 100_000)
        _whole("payload", self.payload_bytes, 1, 1024 * 1024)
        _whole("requests per connection", self.requests_per_connection, 1, 10**9)
        _whole("depth", self.depth, 1, 1024)
        _whole("think time (µs)", self.think_us, 0, 60_000_000)
        _whole("max in flight", self.max_in_flight, 1, 10**7)
        _whole("idle", self.idle, 0, 100_000)
        _real("rate", self.rate, 0.1, 10**7)
        _one_of("arrivals", self.arrivals, ARRIVALS)
        _one_of("assignment", self.assignment, ASSIGNMENTS)
        _one_of("wait", self.wait, WAITS)
        if self.rate is not None and (self.depth > 1 or self.think_us):
            raise PlanError("depth and think time belong to closed loop: drop them, or the rate")
        if self.rate is None and self.max_in_flight is not None:
            raise PlanError("max in flight belongs to open loop: give a rate as well")

    @property
    def may_be_generators_limit(self) -> bool:
        """Tell if a generator that is slower would show as a lower throughput, and only then.

        In open loop the schedule says what is sent. In churn it depends on when and in what batches
        a client dials, asks and hangs up: two sound ones differ by a factor of two in either
        direction. And with one request in flight the sides take turns: neither is ever full, what
        the client costs is a part of every round trip, and of all servers' alike.
        """
        closed = self.rate is None and self.requests_per_connection is None
        return closed and self.connections * self.depth > 1

    @property
    def connection_rate(self) -> float | None:
        """Return how many connections fall due in a second, in churn at an offered rate."""
        if self.rate is None or self.requests_per_connection is None:
            return None
        return self.rate / self.requests_per_connection


@dataclass(frozen=True)
class Plan:
    """One load generation.

    duration_s, warmup_s: the window and the load before it; drain_s: wait for late replies
    connect_s: time limit to establish all connections
    seed, block: what payloads and arrivals are drawn from: equal for all servers of a block
    processes: how many share the load
    cpus: one process is pinned to each in turn; empty keeps the affinity that was given
    spin: poll without sleeping, where the load does not say; for CPUs of the generator's own
    sources: addresses to connect from, by turns; empty is what the target permits (see `sockets`)
    first_source: where in their order to begin, so that no load meets the closed connections of
        the one before
    marked: the part of the requests that ask the server for work, which are marked so (see
        `payload`). Where it is neither none nor all, the two classes are told apart in the result;
        an open loop then has one request in flight on a connection, as it has with any work
    extra_us: that each request costs the generator more in every other slice of `slice_s`, to see
        who limits (see `perturbing`)
    """

    target: Target
    load: Load = Load()
    duration_s: float = 5.0
    warmup_s: float = 1.0
    drain_s: float = 1.0
    connect_s: float = 10.0
    seed: int = 1
    processes: int = 1
    cpus: tuple[int, ...] = ()
    block: int = 0
    spin: bool = True
    sources: tuple[str, ...] = ()
    first_source: int = 0
    marked: float = 0.0
    extra_us: float = 0.0
    slice_s: float = 0.01

    def __post_init__(self) -> None:
        """Refuse what makes no sense; raises PlanError with one line."""
        _real("duration", self.duration_s, 0.05, 86_400)
        _real("warm-up", self.warmup_s, 0, 3600)
        _real("drain", self.drain_s, 0, 3600)
        _whole("seed", self.seed, 0, 2**63)
        _whole("processes", self.processes, 1, 1024)
        _real("marked", self.marked, 0, 1)
        if self.marked and (self.target.transport == "udp" or self.load.depth > 1):
            raise PlanError("requests that ask for work are sent one at a time over a stream")
        if self.marked and self.load.payload_bytes < MARK_END:
            raise PlanError(f"payload {self.load.payload_bytes}: a mark takes {MARK_END} bytes")
        if self.processes > self.load.connections:
            raise PlanError(
                f"{self.processes} processes cannot share {self.load.connections} connections: "
                "ask for fewer processes"
            )
        if self.target.transport == "unix" and self.sources:
            raise PlanError("a Unix socket has no source address: drop --source")
        if self.target.transport == "udp" and self.load.requests_per_connection is not None:
            raise PlanError("UDP has no connections to renew: drop requests per connection")
        if self.target.transport == "udp" and self.load.idle:
            raise PlanError("UDP has no connections that could be idle: drop idle")
        if self.target.transport == "udp" and self.load.payload_bytes > DATAGRAM_MAX:
            raise PlanError(
                f"payload {self.load.payload_bytes}: a datagram holds {DATAGRAM_MAX} bytes at most"
            )

    @property
    def mixture(self) -> bool:
        """Tell if some requests ask for work and the others do not."""
        return 0 < self.marked < 1

    @property
    def wait(self) -> str:
        """Return how the generator waits: as the load says, else as this plan does."""
        return self.load.wait or ("spin" if self.spin else "sleep")

    def share(self, total: int, number: int) -> int:
        """Return how many of `total` process `number` takes: even, the first ones one more."""
        each, rest = divmod(total, self.processes)
        return each + (number < rest)

    def to_json(self) -> str:
        """Return the document that `from_json` reads."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Rebuild a plan from its document."""
        fields: dict[str, Any] = json.loads(text)
        fields["target"] = Target(**fields["target"])
        fields["load"] = Load(**fields["load"])
        fields |= {name: tuple(fields[name]) for name in ("cpus", "sources")}
        return cls(**fields)
