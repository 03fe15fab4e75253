"""The requests in flight of a load with a schedule: their times, each at a place of its own."""

from loadgen.driver import BATCH
from loadgen.marks import is_marked
from loadgen.plan import Plan
from loadgen.recorder import NEVER, RING_ROWS, Recorder

# Places for requests in flight: of a schedule twice what it asks for in all, within these.
ROWS_LEAST = 1 << 10


def rows_for(plan: Plan, connections: int) -> int:
    """Return how many places a ledger needs, a power of two."""
    load = plan.load
    bounded = 2 * connections * load.depth
    if load.rate is not None:
        bounded = int(load.rate / plan.processes * (plan.warmup_s + plan.duration_s) * 2)
    return min(RING_ROWS, max(ROWS_LEAST, 1 << bounded.bit_length()))


class Ledger:
    """When each request in flight was due and was sent; a place is free where nothing is due.

    A request is entered at its number, modulo the length, which is a power of two (`mask`), or
    behind it where one in flight still has that place. At most `most` are in flight, so that there
    is always a free one. It leaves by a reply, which makes it a row of the recorder, or as one that
    got none.

    intended, sent: nanoseconds; sent is 0 while a request waits for its connection
    """

    def __init__(self, plan: Plan, recorder: Recorder, rows: int = RING_ROWS) -> None:
        """Make room for as many as can be in flight; rows: a power of two."""
        load = plan.load
        self.recorder = recorder
        self.mask = rows - 1
        # Lists: written and read for every request, three times as fast as columns.
        self.intended, self.sent = [0] * rows, [0] * rows
        spare = BATCH if load.rate is not None else 0
        self.most = min(load.max_in_flight or NEVER, rows - spare)
        self.in_flight = 0

    @property
    def full(self) -> bool:
        """Tell if no more may be in flight."""
        return self.in_flight >= self.most

    def free_place(self, place: int) -> int:
        """Return the next place that no request in flight has; there is one."""
        intended, mask = self.intended, self.mask
        place &= mask
        while intended[place]:
            place = (place + 1) & mask
        return place

    def enter(self, number: int, due_ns: int) -> int:
        """Put a request in flight and return its place; it is not sent yet."""
        place = self.free_place(number)
        self.intended[place] = due_ns
        self.sent[place] = 0
        self.in_flight += 1
        return place

    def answered(self, place: int, received_ns: int, slot: int) -> None:
        """Record the reply to a request."""
        self.recorder.add(self.intended[place], self.sent[place], received_ns, slot)
        self.intended[place] = 0
        self.in_flight -= 1

    def unanswered(self, place: int, slot: int) -> None:
        """Put a request on record that gets no reply any more."""
        self.recorder.leave(self.intended[place], self.sent[place], slot)
        self.intended[place] = 0
        self.in_flight -= 1


class MixtureLedger(Ledger):
    """Of a load some of whose requests ask for work: those go on record with ~slot."""

    def __init__(self, plan: Plan, recorder: Recorder, rows: int, ring: list[bytes]) -> None:
        """See which payloads are marked; a request has the one at its place, modulo the length."""
        super().__init__(plan, recorder, rows)
        self.marked = [is_marked(payload) for payload in ring]
        self.ring_mask = len(ring) - 1

    def answered(self, place: int, received_ns: int, slot: int) -> None:
        """Record the reply to a request."""
        super().answered(place, received_ns, self.classed(place, slot))

    def unanswered(self, place: int, slot: int) -> None:
        """Put a request on record that gets no reply any more."""
        super().unanswered(place, self.classed(place, slot))

    def classed(self, place: int, slot: int) -> int:
        """Return the slot of a request, with its class."""
        return ~slot if self.marked[place & self.ring_mask] else slot
