"""The open loop over kept connections: a schedule's fast path. The other hot code here."""

import os

from loadgen.driver import POLL_S, clock
from loadgen.paced import BURST, POLL_NS, SPIN_NS, PacedLoop
from loadgen.stream import READ, TALKING

# Replies taken at once while on time: what falls due meanwhile waits for no more than these.
ON_TIME = 4


class OpenLoop(PacedLoop):
    """A PacedLoop whose every request and reply is a number in a column, most of the time.

    Without churn and without a bound on requests in flight, nothing else has to be kept up to
    date. What is not a whole, right reply, or not taken whole by the socket, goes the general way.
    """

    def loop(self, until_ns: int) -> None:
        """Send what is due, take what has come, until an instant."""
        if not self.recorder.raw:
            super().loop(until_ns)
            return
        poll, by_fd, ring, now_ns = self.epoll.poll, self.by_fd, self.ring, clock
        read, write, size, room = os.read, os.write, self.size, self.room
        intended, sent, received_column = self.intended, self.sent, self.received
        slot_column, gaps, gap_mask, mask = self.slot, self.gaps, self.gap_mask, self.payload_mask
        slots, turn, number, due_ns = self.slots, self.turn, self.issued, self.due_ns
        count = len(slots)
        while (now := now_ns()) < until_ns:
            burst = BURST
            while due_ns <= now and burst:
                burst -= 1
                connection = slots[turn]
                turn += 1
                if turn == count:
                    turn = 0
                intended[number] = due_ns
                slot_column[number] = connection.slot
                if connection.state is TALKING and not connection.pending and not connection.unsent:
                    payload = ring[number & mask]
                    sent[number] = now
                    try:
                        accepted = write(connection.fd, payload)
                    except OSError as error:
                        self.not_taken(connection, number, error)
                    else:
                        connection.queue.append(number)
                        if accepted != size:
                            self.keep_rest(connection, payload, accepted)
                else:
                    connection.pending.append(number)
                due_ns += gaps[number & gap_mask]
                number += 1
                now = now_ns()
            wait_ns = min(due_ns, until_ns) - now
            if 0 < wait_ns < POLL_NS:
                continue
            timeout_s = min((wait_ns - SPIN_NS) / 1e9, POLL_S) if wait_ns > SPIN_NS else 0
            for fd, event in poll(timeout_s, ON_TIME if wait_ns > 0 else BURST):
                if (found := by_fd.get(fd)) is None:
                    continue
                if event != READ or found.state is not TALKING:
                    self.attend(found, event)
                    continue
                try:
                    data = read(fd, room)
                except OSError as error:
                    self.broke(found, error)
                    continue
                received = now_ns()
                queue = found.queue
                if queue and not found.got and data == ring[queue[0] & mask]:
                    received_column[queue.popleft()] = received
                elif data:
                    self.heard(found, data, received)
                else:
                    self.ended(found, data, received)
        self.turn, self.issued, self.due_ns = turn, number, due_ns
