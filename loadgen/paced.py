"""Requests at due times over streams: the readable form of the open loop, and what that cannot do.

With churn, with a bound on requests in flight, with think time: what falls due next is a schedule's
or the agenda's, and the requests in flight are a ledger's.
"""

from loadgen.connection import DEAD, READ, TALKING
from loadgen.driver import REAL, System, empty_poll_ns
from loadgen.inflight import InFlightDriver, PacedConnection
from loadgen.pacing import POLL_MARGIN, pause
from loadgen.plan import Plan
from loadgen.schedule import Agenda, Arrivals
from loadgen.sockets import Dialer

# Sends in a row while behind the schedule, and events taken at once.
BURST = 16


class PacedLoop(InFlightDriver):
    """Sends at due times: in open loop whatever the server does, in closed loop as it answers."""

    def __init__(
        self, plan: Plan, connections: int, dialer: Dialer | None = None, system: System = REAL
    ) -> None:
        """Prepare; nothing is connected yet."""
        super().__init__(plan, connections, dialer, system)
        self.close_ns = 0
        self.poll_ns = POLL_MARGIN * empty_poll_ns(self.epoll, self.clock)

    @property
    def schedule(self) -> Arrivals[PacedConnection] | Agenda[PacedConnection]:
        """Return what says which request is due next, and on which connection."""
        return self.arrivals or self.agenda

    def run(self, until_ns: int) -> None:
        """Drive the load until an instant."""
        if not self.begun:
            self.begun = True
            self.begin()
        self.close_ns = until_ns
        self.loop(until_ns)

    def begin(self) -> None:
        """Make the first requests due."""
        recorder = self.recorder
        if self.arrivals is not None:
            self.arrivals.begin(recorder.start_ns, recorder.open_ns, recorder.close_ns)
            return
        now = self.clock()
        for connection in self.slots:
            for _ in range(self.plan.load.depth):
                self.agenda.put(now, connection)

    def loop(self, until_ns: int) -> None:
        """Send what is due, take what has come, until an instant."""
        poll, now_ns, schedule, ledger = self.epoll.poll, self.clock, self.schedule, self.ledger
        polls = full = idle = idle_ns = 0
        looked_ns = now_ns()
        while (now := now_ns()) < until_ns:
            for _ in range(BURST):
                if schedule.due_ns > now or ledger.full:
                    break
                self.issue()
            next_ns = until_ns if ledger.full else min(schedule.due_ns, until_ns)
            timeout_s = pause(next_ns - now_ns(), self.poll_ns, bool(self.poll_s))
            if timeout_s is None:
                continue
            # Every event that is taken is handled: the kernel turns the others to the front.
            events = poll(timeout_s, BURST)
            received = now_ns()
            polls += 1
            if not events:
                idle_ns += received - looked_ns if idle else 0
                looked_ns, idle = received, 1
            else:
                idle = 0
                full += len(events) >= BURST
            for fd, event in events:
                if (connection := self.by_fd.get(fd)) is not None:
                    self.handle(connection, event, received)
                    if schedule.due_ns <= now_ns() and not ledger.full:
                        self.issue()  # what is due does not wait for the rest of the events
            if self.waiting:
                self.redial_waiting()
        self.facts.looked(polls, full, idle_ns)

    def handle(self, connection: PacedConnection, event: int, received_ns: int) -> None:
        """Take what one event is about; a whole right reply first."""
        if event != READ or connection.state is not TALKING:
            self.attend(connection, event)
            return
        try:
            data = self.system.read(connection.fd, self.room)
        except OSError as error:
            self.broke(connection, error)
            return
        queue = connection.queue
        if queue and not connection.got and data == self.ring[queue[0] & self.payload_mask]:
            self.replied(connection, received_ns)
        else:
            self.take(connection, data, received_ns)

    def issue(self) -> None:
        """Take the request that is due."""
        schedule = self.schedule
        due_ns = schedule.due_ns
        self.place(schedule.take(), due_ns)

    def drain(self, until_ns: int) -> None:
        """Wait for replies; then leave on record what was not answered, sent or even issued."""
        super().drain(until_ns)
        for connection in self.slots:
            if connection.state is not DEAD:
                self.lost(connection)
            for place in connection.pending if self.arrivals is not None else ():
                self.ledger.unanswered(place, connection.slot)
        for place in self.waiting_for_one:
            self.ledger.unanswered(place, 0)
        if self.arrivals is not None:
            self.facts.due = self.arrivals.in_window
            for due_ns, connection in self.arrivals.rest(self.close_ns):
                self.recorder.leave(due_ns, 0, connection.slot)
