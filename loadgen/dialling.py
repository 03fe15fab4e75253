"""Connecting before the load starts: every place that is kept."""

from typing import Any, Protocol, TypeVar

from loadgen.connection import DIALLING, Connection
from loadgen.driver import BATCH, Facts
from loadgen.pacing import POLL_S

# Far below the backlog of any server here: nobody is refused for a crowd that a test makes.
DIALS_AT_ONCE = 512

C = TypeVar("C", bound=Connection)


class Dials(Protocol[C]):
    """What is asked of a driver whose places are to be connected."""

    facts: Facts
    epoll: Any
    slots: list[C]
    by_fd: dict[int, C]
    waiting: list[C]

    def clock(self) -> int:
        """Return the time in nanoseconds."""

    def dial(self, connection: C) -> None:
        """Start to connect a place."""

    def answered(self, connection: C) -> None:
        """Take the outcome of a connect."""


def dial_all(driver: Dials[C], until_ns: int) -> None:
    """Dial the places of a driver, a few hundred at a time.

    Those not connected at `until_ns` are counted, not waited for: they get no reply.
    """
    facts, epoll = driver.facts, driver.epoll
    queue = driver.slots[::-1]
    pending = 0
    while (queue or pending) and driver.clock() < until_ns:
        while queue and pending < DIALS_AT_ONCE:
            connection = queue.pop()
            driver.dial(connection)
            if connection in driver.waiting:
                driver.waiting.remove(connection)
                queue.append(connection)
                break
            pending += connection.state is DIALLING
        for fd, _ in epoll.poll(0.001 if queue else POLL_S, BATCH):
            connection = driver.by_fd[fd]
            if connection.state is DIALLING:
                pending -= 1
                driver.answered(connection)
    for connection in driver.slots:
        if connection.state is DIALLING or connection in queue:
            facts.not_connected += 1
            facts.note("not-connected", connection.slot, "no answer to connect")
