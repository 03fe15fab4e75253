"""HOT LOOP. The open loop over kept connections; its readable form is `paced.PacedLoop`.

`tests/loadgen/test_reference_loops.py` holds it to that, on a scripted clock and socket.
"""

from loadgen.connection import READ, TALKING
from loadgen.paced import BURST, PacedLoop
from loadgen.pacing import pause

# Replies taken at once while on time: what falls due meanwhile waits for no more than these.
ON_TIME = 4


class OpenLoop(PacedLoop):
    """A PacedLoop whose every request and reply is a number in a column, most of the time.

    Without churn and without a bound on requests in flight, nothing else has to be kept up to
    date. What is not a whole, right reply, or not taken whole by the socket, goes the general way.

    Within the loop the schedule's place, the rows and the number in flight are locals; they are
    written back before every call of the general way, and read again after it.
    """

    def loop(self, until_ns: int) -> None:
        """Send what is due, take what has come, until an instant."""
        arrivals, ledger = self.arrivals, self.ledger
        assert arrivals is not None
        poll, by_fd, ring, now_ns = self.epoll.poll, self.by_fd, self.ring, self.clock
        read, write = self.system.read, self.system.write
        size, room, sleeps, poll_ns = self.size, self.room, bool(self.poll_s), self.poll_ns
        intended, sent, row_mask = ledger.intended, ledger.sent, ledger.mask
        gaps, gap_mask, payload_mask = arrivals.gaps, arrivals.gap_mask, self.payload_mask
        order, turn = arrivals.order, arrivals.turn
        arrival, due_ns = arrivals.issued, arrivals.due_ns
        count, recorder = len(order), self.recorder
        intended_column, sent_column = recorder.intended, recorder.sent
        received_column, slot_column = recorder.received, recorder.slot
        row, limit = recorder.rows, recorder.limit
        in_flight, most = ledger.in_flight, ledger.most
        polls = full = idle = idle_ns = 0
        looked_ns = now_ns()
        while (now := now_ns()) < until_ns:
            burst = BURST
            while due_ns <= now and burst and in_flight < most:
                burst -= 1
                connection = order[turn]
                turn += 1
                if turn == count:
                    turn = 0
                place = arrival & row_mask
                if intended[place]:
                    place = ledger.free_place(place)
                intended[place] = due_ns
                in_flight += 1
                if connection.state is TALKING and not connection.pending and not connection.unsent:
                    payload = ring[place & payload_mask]
                    sent[place] = now
                    try:
                        accepted = write(connection.fd, payload)
                    except OSError as error:
                        ledger.in_flight = in_flight
                        self.not_taken(connection, place, error)
                        in_flight = ledger.in_flight
                    else:
                        connection.queue.append(place)
                        if accepted != size:
                            self.keep_rest(connection, payload, accepted)
                else:
                    ledger.in_flight = in_flight
                    self.put_off(connection, place)
                    in_flight = ledger.in_flight
                due_ns += gaps[arrival & gap_mask]
                arrival += 1
                now = now_ns()
            wait_ns = min(due_ns, until_ns) - now
            if 0 < wait_ns < poll_ns:
                continue
            most_events = ON_TIME if wait_ns > 0 else BURST
            events = poll(pause(wait_ns, poll_ns, sleeps) if sleeps else 0, most_events)
            received = now_ns()
            polls += 1
            if not events:
                if idle:
                    idle_ns += received - looked_ns
                looked_ns, idle = received, 1
                continue
            idle = 0
            if len(events) == BURST:
                full += 1
            for fd, event in events:
                if (answering := by_fd.get(fd)) is None:
                    continue
                queue = answering.queue
                if event == READ and answering.state is TALKING and queue and not answering.got:
                    try:
                        data = read(fd, room)
                    except OSError as error:
                        ledger.in_flight = in_flight
                        self.broke(answering, error)
                        in_flight = ledger.in_flight
                        continue
                    if data == ring[queue[0] & payload_mask]:
                        place = queue.popleft()
                        intended_column[row] = intended[place]
                        sent_column[row] = sent[place]
                        received_column[row] = received
                        slot_column[row] = answering.slot
                        row += 1
                        in_flight -= 1
                        intended[place] = 0
                        continue
                    recorder.rows, ledger.in_flight = row, in_flight
                    self.take(answering, data, received)
                else:
                    recorder.rows, ledger.in_flight = row, in_flight
                    self.attend(answering, event)
                row, in_flight = recorder.rows, ledger.in_flight
            if row >= limit:
                row = recorder.fold(row)
                limit = recorder.limit
        recorder.rows, ledger.in_flight = row, in_flight
        arrivals.turn, arrivals.issued, arrivals.due_ns = turn, arrival, due_ns
        self.facts.looked(polls, full, idle_ns)
