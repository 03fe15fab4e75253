"""The servers of invented runs: what each costs."""

import dataclasses

from bench.model.header import ServerEntry

PACKAGED = ("uvloop", "gevent", "trio", "anyio", "twisted", "tornado")


@dataclasses.dataclass(frozen=True)
class Model:
    """A server as the synthetic runs know it; cost_us is its CPU time per request."""

    name: str
    family: str
    cost_us: float
    memory_mib: float
    clients: int | str | None = None
    kind: str = "stream"
    parallel: float = 1.0  # how many CPUs' worth of work it can do at once

    def entry(self) -> ServerEntry:
        return ServerEntry(
            name=self.name,
            family=self.family,
            kind=self.kind,
            summary=f"What {self.name} is about, in one line.",
            source=f"servers/{self.kind}/{self.name.replace('-', '_')}.py",
            max_clients=self.clients,
            packages={self.family: "1.0"} if self.family in PACKAGED else {},
        )


EIGHT = (
    Model("blocking", "blocking", 14, 11, clients=1),
    Model("thread-per-client", "thread-per-client", 22, 13),
    Model("process-pool", "process-pool", 15, 34, clients=4),
    Model("selectors-default", "selectors", 19, 12),
    Model("asyncio-streams", "asyncio", 52, 22),
    Model("asyncio-protocol", "asyncio", 31, 21),
    Model("uvloop-streams", "uvloop", 29, 31),
    Model("uvloop-protocol", "uvloop", 13, 30),
)
EXTRA = (
    Model("gevent", "gevent", 33, 28),
    Model("trio", "trio", 74, 33),
    Model("anyio", "anyio", 91, 36),
    Model("twisted", "twisted", 58, 39),
    Model("tornado", "tornado", 63, 37),
    Model("thread-pool", "thread-pool", 24, 14, clients=4),
    Model("fork-per-client", "fork-per-client", 17, 160),
    Model("busy-poll", "busy-poll", 41, 11),
    Model("selectors-select", "selectors", 21, 12),
    Model("selectors-poll", "selectors", 20, 12),
    Model("selectors-epoll", "selectors", 19.2, 12),
    Model("asyncio-buffered", "asyncio", 30, 21),
    Model("asyncio-sockets", "asyncio", 44, 21),
    Model("uvloop-buffered", "uvloop", 12.8, 30),
    Model("uvloop-sockets", "uvloop", 34, 30),
    Model("asyncio-per-core", "asyncio", 32, 45),
    Model("selectors-per-core", "selectors", 20, 25),
)
