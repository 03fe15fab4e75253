"""HOT LOOP. Churn: connections that are dialled, ask a few times, and hang up.

In closed loop each place dials again as soon as it has hung up. In open loop connections fall due
by a schedule, whatever the server does, and take a free place, or wait for one: the first request
of a connection is timed from the instant at which its connection was due. Its readable form is
`tests/scripted/churn.py`; `tests/loadgen/test_reference_loops.py` holds it to that.
"""

import errno
import socket

from loadgen.connection import (
    DIALLING,
    HANGING_UP,
    READ,
    RECEIVE_MAX,
    TALKING,
    WRITE,
)
from loadgen.pacing import pause
from loadgen.place import Place
from loadgen.places import Places
from loadgen.recorder import NEVER
from loadgen.sockets import connected_to_itself

# Events taken in one look, and connections dialled between two.
TOGETHER = 16


class ChurnLoop(Places):
    """Connections of `requests_per_connection` requests, one in flight on each.

    A cycle takes a socket, its options, its source, a connect, a request, a look, a reply, an end
    to each side. Over loopback a connect is done when it returns, although it says that it is in
    progress: so the request is written at once, and only where the kernel takes none yet is the
    connection waited for. Within the loop the rows are a local; they are written back before every
    call of the general way, and read again after it.
    """

    def connect(self, until_ns: int) -> None:
        """Do nothing: connections are dialled when they are due."""

    def run(self, until_ns: int) -> None:
        """Drive the load until an instant."""
        if not self.begun:
            self.begun = True
            self.free.extend(self.slots)
            if self.arrivals is not None:
                recorder = self.recorder
                self.arrivals.begin(recorder.start_ns, recorder.open_ns, recorder.close_ns)
        self.loop(until_ns)

    def loop(self, until_ns: int) -> None:
        """Dial what is due, and carry every connection one step further at each event."""
        poll, by_fd, now_ns = self.epoll.poll, self.by_fd, self.clock
        read, write = self.system.read, self.system.write
        size, room = self.size, min(self.size + 1, RECEIVE_MAX)
        most = min(TOGETHER, len(self.slots))
        open_loop, next_payload = self.arrivals is not None, self.next_payload
        recorder = self.recorder
        intended_column, sent_column = recorder.intended, recorder.sent
        received_column, slot_column = recorder.received, recorder.slot
        row, limit = recorder.rows, recorder.limit
        poll_ns, sleeps = self.poll_ns, bool(self.poll_s)
        answered: list[Place] = []
        polls = full = idle = idle_ns = 0
        looked_ns = now_ns()
        while True:
            wait_ns = min(self.dial_due(), until_ns - looked_ns)
            timeout_s = pause(wait_ns, poll_ns, sleeps)
            events = () if timeout_s is None else poll(timeout_s, TOGETHER)
            received = now_ns()
            polls += 1
            if not events:
                if idle:
                    idle_ns += received - looked_ns
                looked_ns, idle = received, 1
                if received >= until_ns:
                    break
                continue
            was_idle, idle = idle, 0
            if len(events) >= most:
                full += 1
            at_once = was_idle or (self.poll_s and len(events) < TOGETHER)
            for fd, event in events:
                place = by_fd.get(fd)
                if place is None:
                    continue
                wanted = place.expected
                if wanted is None:
                    recorder.rows = row
                    self.attend(place, event, received)
                    row = recorder.rows
                    continue
                try:
                    data = read(fd, room)
                except OSError as error:
                    self.broke(place, error)
                    continue
                if data != wanted:
                    recorder.rows = row
                    self.take(place, data, received)
                    row = recorder.rows
                    continue
                if not wanted:
                    self.ended(place)
                    continue
                intended_column[row] = place.due_ns
                sent_column[row] = place.sent_ns
                received_column[row] = received
                slot_column[row] = place.slot
                row += 1
                place.left = left = place.left - 1
                if not left:
                    self.hang_up(place)
                elif not at_once:
                    answered.append(place)
                else:
                    place.expected = wanted = next_payload()
                    place.sent_ns = sent_ns = now_ns()
                    place.due_ns = received if open_loop else sent_ns
                    try:
                        accepted = write(fd, wanted)
                    except OSError as error:
                        accepted = self.broke(place, error)
                    if accepted != size:
                        self.keep_rest(place, accepted)
            if answered:
                for place in answered:
                    place.expected = wanted = next_payload()
                    place.sent_ns = sent_ns = now_ns()
                    place.due_ns = received if open_loop else sent_ns
                    try:
                        accepted = write(place.fd, wanted)
                    except OSError as error:
                        accepted = self.broke(place, error)
                    if accepted != size:
                        self.keep_rest(place, accepted)
                answered.clear()
            if row >= limit:
                row = recorder.fold(row)
                limit = recorder.limit
            if received >= until_ns:
                break
        recorder.rows = row
        self.facts.looked(polls, full, idle_ns)

    def dial_due(self) -> int:
        """Dial what is due, a few at a time; return the nanoseconds until the next."""
        free, arrivals = self.free, self.arrivals
        if arrivals is None:
            while self.again and self.again[0][0] <= self.clock():
                free.append(self.again.popleft()[1])
            for _ in range(min(len(free), TOGETHER)):
                place = free.popleft()
                place.due_ns = 0
                self.dial(place)
            if free or not self.again:
                return 0 if free else NEVER
            return max(1, self.again[0][0] - self.clock())
        now = self.clock()
        for _ in range(TOGETHER):
            if arrivals.due_ns > now or not free:
                break
            place = free.popleft()
            place.due_ns = arrivals.due_ns
            arrivals.take()  # whose turn it is does not matter: any free place will do
            self.dial(place)
            now = self.clock()
        return arrivals.due_ns - now if free else NEVER

    def attend(self, place: Place, event: int, received_ns: int) -> None:
        """Handle an event that is not simply something to read."""
        if place.state is DIALLING:
            number = place.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if not number and self.checks_itself and connected_to_itself(place.sock):
                number = errno.ECONNREFUSED
            if number:
                self.fail(place, "refused", number)
                return
            place.state = TALKING
            place.sent_ns = self.clock()
            place.due_ns = place.due_ns or place.sent_ns
            self.facts.connected(place.sent_ns - place.since_ns)
        try:
            if event & WRITE and place.unsent:
                place.unsent = place.unsent[self.system.write(place.fd, place.unsent) :]
                if not place.unsent:
                    place.unsent = None
                    self.epoll.modify(place.fd, READ)
            if event & ~WRITE:
                self.take(place, self.system.read(place.fd, RECEIVE_MAX), received_ns)
        except OSError as error:
            self.broke(place, error)

    def take(self, place: Place, data: bytes, received_ns: int) -> None:
        """Take what is not simply a whole reply, or the end after the last one."""
        self.heard_in_drain = True
        if place.expected:
            place.payload, place.expected = place.expected, None
        payload = place.payload
        if place.state is HANGING_UP:
            if data:
                self.surplus(place, data)
            else:
                self.ended(place)
        elif not data:
            self.facts.error("closed-early", place.slot, "the server closed a connection in use")
            self.give_up(place)
        elif not payload.startswith(data, place.got):
            self.facts.wrong(place.slot, payload, payload[: place.got] + data, self.ring)
            self.give_up(place)
        else:
            place.got += len(data)
            if place.got == self.size:
                self.recorder.add(place.due_ns, place.sent_ns, received_ns, place.slot)
                self.answered(place, received_ns)

    def answered(self, place: Place, received_ns: int) -> None:
        """Ask again, or hang up after the last reply; off the fast path."""
        place.left -= 1
        if not place.left or not self.sending:
            self.hang_up(place)
            return
        place.got = 0
        place.expected = payload = self.next_payload()
        place.sent_ns = self.clock()
        place.due_ns = place.sent_ns if self.arrivals is None else received_ns
        try:
            accepted = self.system.write(place.fd, payload)
        except OSError as error:
            accepted = self.broke(place, error)
        if accepted != self.size:
            self.keep_rest(place, accepted)

    def ended(self, place: Place) -> None:
        """Close a connection that both sides have ended, and free its place."""
        self.forget(place)
        place.failures = 0
        if self.sending:
            self.facts.lived(self.clock() - place.since_ns)
            if self.arrivals is not None:
                self.free.append(place)
            else:
                # At once: 5 % less CPU a cycle than after the batch. The number of the descriptor
                # may be one of this batch again, but of those only whose event has been taken.
                place.due_ns = 0
                self.dial(place)
