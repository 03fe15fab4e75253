"""What is due next: arrivals and an agenda beside plain lists; the ledger of what is in flight."""

import random
from itertools import islice

import pytest

from loadgen import pacing
from loadgen.ledger import ROWS_LEAST, Ledger, rows_for
from loadgen.plan import Load, Plan, Target
from loadgen.recorder import NEVER, RING_ROWS, Recorder
from loadgen.schedule import Agenda, Arrivals

TARGET = Target("tcp", "127.0.0.1", 9)


def plan(load: Load, processes: int = 1) -> Plan:
    return Plan(TARGET, load, duration_s=2.0, warmup_s=0.5, seed=7, processes=processes)


@pytest.mark.parametrize("assignment", ["random", "turns"])
@pytest.mark.parametrize("processes", [1, 3])
def test_arrivals_are_the_drawn_gaps_in_the_drawn_turns(assignment: str, processes: int) -> None:
    asked = plan(Load(9, rate=900.0, assignment=assignment), processes)
    arrivals = Arrivals(asked, 900.0, "abc")
    count = pacing.drawn(900 / processes * 2.5)
    gaps = pacing.gaps_ns(900 / processes, "exponential", 7, count)
    whose = pacing.turns(3, assignment, 7, count)
    assert arrivals.due_ns == NEVER
    arrivals.begin(1000, 5_000_000, 80_000_000)
    due_ns, inside = 1000 + gaps[-1], 0
    for number in range(3 * count):
        assert arrivals.due_ns == due_ns
        inside += 5_000_000 <= due_ns < 80_000_000
        assert arrivals.take() == "abc"[whose[number % len(whose)]]
        due_ns += gaps[number % count]
    assert arrivals.in_window == inside


def test_what_was_never_issued_is_told_up_to_an_instant() -> None:
    arrivals = Arrivals(plan(Load(2, rate=1000.0)), 1000.0, "ab")
    arrivals.begin(0, 0, 10**9)
    taken = list(islice(iter(arrivals.take, None), 400))
    rest = list(arrivals.rest(10**9))
    assert len(taken) + len(rest) == arrivals.in_window
    assert all(due_ns < 10**9 for due_ns, _ in rest)
    assert arrivals.due_ns >= 10**9
    assert {whose for _, whose in rest} == {"a", "b"}


def test_without_a_connection_nothing_is_due() -> None:
    arrivals: Arrivals[str] = Arrivals(plan(Load(1, rate=10.0)), 10.0, "")
    assert list(arrivals.rest(10**18)) == []


def test_an_agenda_gives_back_what_was_put_in_its_order() -> None:
    agenda: Agenda[int] = Agenda()
    assert agenda.due_ns == NEVER
    source, kept, at = random.Random(1), [], 0
    for number in range(500):
        at += source.randrange(5)
        agenda.put(at, number)
        kept.append((at, number))
        if source.random() < 0.5:
            assert (agenda.due_ns, agenda.take()) == kept.pop(0)
    while kept:
        assert (agenda.due_ns, agenda.take()) == kept.pop(0)
    assert agenda.due_ns == NEVER


class TestLedger:
    def ledger(self, rows: int = 16) -> tuple[Ledger, Recorder]:
        asked = plan(Load(2))
        recorder = Recorder(asked, 2)
        recorder.begin(1, 1, NEVER)
        return Ledger(asked, recorder, rows), recorder

    def test_a_place_in_use_is_passed_over(self) -> None:
        ledger, _ = self.ledger()
        assert [ledger.enter(number, 5) for number in (0, 16, 2, 17, 32)] == [0, 1, 2, 3, 4]
        assert ledger.in_flight == 5

    def test_an_answer_makes_a_row_and_frees_the_place(self) -> None:
        ledger, recorder = self.ledger()
        place = ledger.enter(3, 100)
        ledger.sent[place] = 110
        ledger.answered(place, 170, 1)
        assert recorder.rows == 1
        row = [column[0] for column in (recorder.intended, recorder.sent, recorder.received)]
        assert (*row, recorder.slot[0]) == (100, 110, 170, 1)
        assert (ledger.in_flight, ledger.enter(3, 200)) == (0, 3)

    def test_what_gets_no_answer_stands_apart(self) -> None:
        ledger, recorder = self.ledger()
        ledger.unanswered(ledger.enter(3, 100), 1)
        assert recorder.rows == ledger.in_flight == 0
        assert list(recorder.unanswered[:3]) == [100, 0, 1]

    @pytest.mark.parametrize(
        ("load", "rows"),
        [
            (Load(1), ROWS_LEAST),
            (Load(100, depth=64), 1 << 14),
            (Load(50, rate=1000.0), 1 << 13),
            (Load(50, rate=1e6), RING_ROWS),
        ],
    )
    def test_there_is_room_for_twice_what_is_asked_for(self, load: Load, rows: int) -> None:
        assert rows_for(plan(load), load.connections) == rows

    def test_no_more_are_in_flight_than_a_load_allows(self) -> None:
        asked = plan(Load(2, rate=100.0, max_in_flight=2))
        ledger = Ledger(asked, Recorder(asked, 2), 2048)
        ledger.enter(0, 1)
        assert not ledger.full
        ledger.enter(1, 1)
        assert ledger.full
