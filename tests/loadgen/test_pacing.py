"""When something is due, and whose it is: arithmetic, compared with counting one by one."""

import random
from itertools import accumulate, cycle, islice

import numpy as np
import pytest

from loadgen import pacing
from loadgen.fleet import seed_of
from loadgen.pacing import REPEAT_AFTER, Schedule


def test_exponential_gaps_have_the_mean_and_spread_of_a_poisson_process() -> None:
    gaps = np.array(pacing.gaps_ns(10_000, "exponential", seed=3))
    assert gaps.mean() == pytest.approx(100_000, rel=1e-4)
    assert gaps.std() / gaps.mean() == pytest.approx(1, abs=0.02)


def test_the_seed_decides() -> None:
    first, again, other = (pacing.gaps_ns(50, "exponential", seed) for seed in (1, 1, 2))
    assert first == again != other


def test_constant_gaps_do_not_drift_from_the_rate() -> None:
    gaps = np.array(pacing.gaps_ns(3, "constant", seed=1, count=3000))
    assert abs(gaps.sum() - 1000e9) < 2
    assert gaps.max() - gaps.min() <= 1


def test_gaps_that_come_again_have_exactly_the_offered_mean() -> None:
    gaps = pacing.gaps_ns(12_345, "exponential", seed=5, count=REPEAT_AFTER)
    assert sum(gaps) / len(gaps) == pytest.approx(1e9 / 12_345, rel=1e-6)


def test_the_sum_of_gaps_that_are_used_once_is_as_random_as_in_a_poisson_process() -> None:
    # A count in a fixed time then varies by its root, as it does among independent users.
    sums = [sum(pacing.gaps_ns(1e6, "exponential", seed, 1024)) for seed in range(200)]
    assert np.std(sums) / np.mean(sums) == pytest.approx(1 / 32, rel=0.2)


@pytest.mark.parametrize(
    ("expected", "count"),
    [(0.3, 1024), (1023.0, 1024), (1025.0, 2048), (200_000.0, REPEAT_AFTER), (1e9, REPEAT_AFTER)],
)
def test_as_many_are_drawn_as_are_needed_up_to_a_limit(expected: float, count: int) -> None:
    assert pacing.drawn(expected) == count
    assert count >= min(expected, REPEAT_AFTER)


def test_turns_go_round_and_random_ones_are_drawn_evenly() -> None:
    assert pacing.turns(5, "turns", seed=1) == [0, 1, 2, 3, 4]
    drawn = pacing.turns(10, "random", seed=1, count=100_000)
    assert np.bincount(drawn) == pytest.approx(10_000, rel=0.05)
    # The next one is independent of the one before: a tenth of them repeat.
    assert np.mean(np.diff(drawn) == 0) == pytest.approx(0.1, rel=0.05)
    assert drawn == pacing.turns(10, "random", seed=1, count=100_000)
    assert drawn != pacing.turns(10, "random", seed=2, count=100_000)


@pytest.mark.parametrize("length", [1, 2, 7, 64])
def test_a_schedule_counts_as_one_by_one(length: int) -> None:
    source = random.Random(length)
    for _ in range(30):
        gaps = [source.choice([0, 1, 3, 10, 50]) for _ in range(length)] + [5]
        first_ns = source.randrange(100)
        schedule = Schedule(gaps, first_ns)
        instants = list(islice(accumulate(cycle(gaps), initial=first_ns), 2000))
        last = instants[-1]
        for at in [0, first_ns, first_ns + 1, *(source.randrange(last) for _ in range(50))]:
            assert schedule.before(at) == sum(instant < at for instant in instants)
        begin, end = sorted(source.randrange(last) for _ in range(2))
        inside = sum(begin <= instant < end for instant in instants)
        assert schedule.between(begin, end) == inside


def test_a_schedule_whose_gaps_are_all_zero_ends_all_the_same() -> None:
    assert Schedule([0, 0], 10).before(10) == 0


def test_seeds_differ_by_run_block_and_process_and_by_nothing_else() -> None:
    seeds = {
        seed_of(seed, block, process)
        for seed in range(20)
        for block in range(20)
        for process in range(4)
    }
    assert len(seeds) == 20 * 20 * 4
    assert seed_of(1, 2, 3) == seed_of(1, 2, 3)
    # What a sum would confuse.
    assert seed_of(1, 0, 1) != seed_of(2, 0, 0) != seed_of(1, 1, 0)
    assert all(0 <= seed < 2**63 for seed in seeds)


MS, POLL_NS = 1_000_000, 3_000
FAR = 10**12


@pytest.mark.parametrize(
    ("what", "wait_ns", "sleeps", "pause_s"),
    [
        ("late by a second: look for replies, do not wait", -1000 * MS, False, 0),
        ("due at this instant: look for replies, do not wait", 0, True, 0),
        ("due before a poll is over: look at the clock alone", 1, False, None),
        ("due before a poll is over, asleep: look at the clock alone", POLL_NS - 1, True, None),
        ("time for just one poll: poll, do not wait", POLL_NS, False, 0),
        ("a second to go on a CPU of its own: poll, do not wait", 1000 * MS, False, 0),
        ("asleep, within what epoll rounds up: poll, do not wait", 1_500_000, True, 0),
        ("asleep, a tenth of a second to go: wake before it", 31 * MS + 500_000, True, 0.03),
        ("asleep, nothing due: look at the clock now and then", FAR, True, 0.05),
    ],
)
def test_how_to_wait(what: str, wait_ns: int, sleeps: bool, pause_s: float | None) -> None:
    assert pacing.pause(wait_ns, POLL_NS, sleeps) == pytest.approx(pause_s), what
