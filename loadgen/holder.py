"""One process that holds connections which say nothing: it dials them and sleeps.

Beside the load, for they cost its processes no look and none of the descriptors that they may have.
The conversation with the fleet, a line each: the order; `{"connected": true}`; an empty line, after
the drain; the facts.
"""

import contextlib
import errno
import json
import select
import socket
import sys
from dataclasses import replace

from loadgen.driver import REAL, Facts, System
from loadgen.phases import die_with_the_fleet, say
from loadgen.plan import Plan, PlanError
from loadgen.ports import raise_descriptor_limit
from loadgen.sockets import Dialer, connected_to_itself

FACTS = ("not_connected", "errors", "mismatches", "evidence", "shortages", "shortage")
# A Unix socket whose accept queue is full says so, and nothing wakes who waits for a place.
FULL_PAUSE_MS = 1
# Of so many the kernel's hash leaves none of eight workers out, in 98 of 100 times.
PROOFS, PROOF = 48, b"is anybody there?"
PROOF_POLL_MS = 5


class Holder:
    """Connections that are open and say nothing.

    Each is connected before the next is dialled: a server is met by no crowd that it would not meet
    without them.
    """

    def __init__(self, dialer: Dialer, system: System = REAL) -> None:
        """Hold nothing yet."""
        self.dialer, self.system = dialer, system
        self.facts = Facts()
        self.held: dict[int, socket.SocketType] = {}
        self.unaccepted: list[socket.SocketType] = []

    def hold(self, count: int, until_ns: int) -> None:
        """Dial so many; those that could not be made by then are counted."""
        for number in range(1, count + 1):
            error = self._dial(until_ns)
            if error is not None:
                self.facts.not_connected += 1
                self._failed(-number, error)
            if self.system.clock() > until_ns:
                self.facts.not_connected += count - number
                return

    def _dial(self, until_ns: int) -> int | None:
        """Make one connection; return the error number, 0 for no answer, None where it stands."""
        sock, error = self.dialer.dial()
        while error == errno.EAGAIN and sock is not None and self.system.clock() < until_ns:
            sock.close()
            self.system.poll().poll(FULL_PAUSE_MS)
            sock, error = self.dialer.dial()
        if sock is None:
            return error
        if error == errno.EINPROGRESS:
            error = self._outcome(sock, until_ns)
        if error == 0 and connected_to_itself(sock):
            error = errno.ECONNREFUSED
        if error != 0:
            sock.close()
            return max(0, error)
        self.held[sock.fileno()] = sock
        return None

    def _outcome(self, sock: socket.SocketType, until_ns: int) -> int:
        """Wait for the outcome of a connect; return its error number, -1 for none in time."""
        poller = self.system.poll()
        poller.register(sock.fileno(), select.POLLOUT)
        while not poller.poll(FULL_PAUSE_MS):
            if self.system.clock() > until_ns:
                return -1
        return sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)

    def prove(self, until_ns: int) -> None:
        """Let the last ones ask for an echo: who accepts in turn has then accepted them all.

        Else a server may still be accepting thousands when the load begins. Several of them, since
        each worker of a server may have a queue of its own. Those not answered by then are counted.
        """
        poller, owed = self.system.poll(), dict[int, bytes]()
        for fd in list(self.held)[-PROOFS:]:
            with contextlib.suppress(OSError):  # it was ended, and is seen to be
                self.system.write(fd, PROOF)
            poller.register(fd, select.POLLIN)
            owed[fd] = PROOF
        while owed and self.system.clock() < until_ns:
            for fd, _ in poller.poll(PROOF_POLL_MS):
                if not (left := self._echoed(fd, owed.pop(fd))):
                    poller.unregister(fd)
                else:
                    owed[fd] = left
        self.facts.not_connected += len(owed)
        for fd in owed:
            self.unaccepted.append(self.held.pop(fd))
            self.facts.note("not-accepted", -1, "connected, and no answer")

    def _echoed(self, fd: int, owed: bytes) -> bytes:
        """Take what has come on a connection; return what is still owed."""
        try:
            data = self.system.read(fd, len(owed) + 1)
        except OSError:
            return b""  # reset: counted by `check`
        if data and not owed.startswith(data):
            self.facts.wrong(-1, owed, data, [PROOF])
        return owed[len(data) :] if data and owed.startswith(data) else b""

    def _failed(self, slot: int, error: int) -> None:
        if error:
            self.facts.failed("not-connected", slot, error)
        else:
            self.facts.note("not-connected", slot, "no answer to connect")

    def check(self) -> None:
        """Count those that the server has ended meanwhile, or on which it said something."""
        poller = self.system.poll()
        for fd in self.held:
            poller.register(fd, select.POLLIN)
        for _ in poller.poll(0):
            words = "the server ended a connection that said nothing, or spoke on it unasked"
            self.facts.error("idle-ended", -1, words)


def main() -> None:
    """Carry out one order."""
    die_with_the_fleet()
    order = json.loads(sys.stdin.readline())
    plan = Plan.from_json(order["plan"])
    kept = replace(plan, load=replace(plan.load, requests_per_connection=None))
    try:
        raise_descriptor_limit(order["count"])
        holder = Holder(Dialer(kept, order["number"]))
    except PlanError as error:
        say(refused=str(error))
        return
    holder.hold(order["count"], REAL.clock() + int(order["connect_s"] * 1e9))
    holder.prove(REAL.clock() + int(plan.connect_s * 1e9))
    say(connected=True)
    sys.stdin.readline()
    holder.check()
    say(**{name: getattr(holder.facts, name) for name in FACTS})


if __name__ == "__main__":
    main()
