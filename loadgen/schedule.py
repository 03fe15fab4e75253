"""What is due next, and whose it is: by a schedule in open loop, by the last reply in closed loop.

Both say `due_ns`, and `take` gives the one whose turn it is. No clock, no socket.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

from loadgen.pacing import Schedule, drawn, gaps_ns, turns
from loadgen.plan import Plan
from loadgen.recorder import NEVER

W = TypeVar("W")


class Arrivals(Generic[W]):
    """What falls due in an open loop: at drawn gaps, in drawn turns, whatever the server does.

    due_ns: when the next one does; NEVER before the start
    gaps: used again and again; their number is a power of two, so that `gap_mask` finds the next
    order: whose turn it is, used again and again; turn: the next place in it
    issued: how many have been taken
    """

    def __init__(self, plan: Plan, rate: float, those: Sequence[W]) -> None:
        """Draw for one of the plan's processes. rate: of all processes, per second."""
        load, share = plan.load, rate / plan.processes
        count = drawn(share * (plan.warmup_s + plan.duration_s))
        self.gaps = gaps_ns(share, load.arrivals, plan.seed, count)
        self.gap_mask = count - 1
        picks = turns(len(those), load.assignment, plan.seed, count) if those else []
        self.order = [those[number] for number in picks]
        self.due_ns = self.first_ns = NEVER
        self.issued = self.turn = self.in_window = 0

    def begin(self, start_ns: int, open_ns: int, close_ns: int) -> None:
        """Let the first one fall due a gap after the start; count those of the window."""
        self.due_ns = self.first_ns = start_ns + self.gaps[-1]
        self.cut(open_ns, close_ns)

    def cut(self, open_ns: int, close_ns: int) -> None:
        """Count those that fall due in the window, which may close early."""
        self.in_window = Schedule(self.gaps, self.first_ns).between(open_ns, close_ns)

    def take(self) -> W:
        """Take the one that is due; the next one then is."""
        turn = self.turn
        whose = self.order[turn]
        turn += 1
        self.turn = turn if turn < len(self.order) else 0
        self.due_ns += self.gaps[self.issued & self.gap_mask]
        self.issued += 1
        return whose

    def rest(self, until_ns: int) -> Iterator[tuple[int, W]]:
        """Take what falls due before an instant and was never issued."""
        while self.order and self.due_ns < until_ns:
            due_ns = self.due_ns
            yield due_ns, self.take()


class Agenda(Generic[W]):
    """What falls due in a closed loop, in order: think time is constant.

    due_ns: when the next one does; NEVER while nothing is on it
    """

    def __init__(self) -> None:
        """Start with nothing."""
        self.due_ns = NEVER
        self.entries: deque[tuple[int, W]] = deque()

    def put(self, due_ns: int, whose: W) -> None:
        """Let something fall due, not before what was put earlier."""
        self.entries.append((due_ns, whose))
        self.due_ns = self.entries[0][0]

    def take(self) -> W:
        """Take the one that is due."""
        _, whose = self.entries.popleft()
        self.due_ns = self.entries[0][0] if self.entries else NEVER
        return whose
