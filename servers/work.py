"""What a request costs beside its echo: the dial of the axis `work`, in the forms that models need.

A request that asks for work is marked, and its reply comes when the work is done. Work on the CPU
is measured out in advance, by a count, not by a look at the clock: a server that others hold up
does not do less of it.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

MARK = b"WORK"
# Where a request has its mark: behind its number.
MARK_AT = slice(4, 8)
MARK_END = MARK_AT.stop


def spin(turns: int) -> int:
    """Compute in Python, which holds the GIL, for so many turns."""
    value = 1
    for turn in range(turns):
        value = value * 31 + turn & 0xFFFF
    return value


def release(rounds: int) -> bytes:
    """Hash in C, which lets the GIL go, for so many rounds."""
    # Here, for it brings libcrypto along: two MiB that a server of plain echoes does not have.
    from hashlib import pbkdf2_hmac

    return pbkdf2_hmac("sha256", b"password", b"salt", rounds)


ON_CPU: dict[str, Callable[[int], object]] = {"spin": spin, "release": release}
WAIT = "wait"
KINDS = (*ON_CPU, WAIT)


@dataclass(frozen=True)
class Work:
    """The work of a marked request.

    kind: one of `KINDS`; amount: turns or rounds of what is done on the CPU, seconds of a wait
    sleep: how a model that blocks waits
    """

    kind: str
    amount: float
    sleep: Callable[[float], object] = time.sleep

    def asked_for(self, data: bytes) -> bool:
        """Tell if what was received begins with a request that is marked."""
        return data[MARK_AT] == MARK

    def do(self) -> None:
        """Do it, and return when it is done: the form of threads and processes."""
        if self.kind == WAIT:
            self.sleep(self.amount)
        else:
            ON_CPU[self.kind](int(self.amount))

    async def awaiting(self, sleep: Callable[[float], Awaitable[object]]) -> None:
        """Do it in a coroutine, which lets the others run in a wait, and only there."""
        if self.kind == WAIT:
            await sleep(self.amount)
        else:
            self.do()

    def then(self, later: Callable[..., object], reply: Callable[..., object], *what: Any) -> None:
        """Do it, then call `reply(*what)`: the form of callbacks.

        later: calls a function after so many seconds, as `loop.call_later` does
        """
        if self.kind == WAIT:
            later(self.amount, reply, *what)
        else:
            self.do()
            reply(*what)


class Timers:
    """What a loop of one's own is to do later."""

    def __init__(self) -> None:
        """Start with nothing; between two actions nobody sleeps, who would be late by that."""
        from sched import scheduler  # here, as above: it brings threads along

        self.due = scheduler(time.monotonic, lambda _: None)

    def later(self, seconds: float, action: Callable[..., object], *what: Any) -> None:
        """Call a function after so many seconds."""
        self.due.enter(seconds, 0, action, what)

    def run_due(self) -> float | None:
        """Do what is due; return how long it is until the next, None without any."""
        return self.due.run(blocking=False)
