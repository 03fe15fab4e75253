"""A generator that slows itself down: in which slices, by how much, and what it counts."""

from dataclasses import replace

import pytest

from loadgen import perturbing, slowing
from loadgen.driver import REAL
from loadgen.plan import Load, Plan, Target
from loadgen.slowing import Slowing

SLICE_NS, WARMUP_SLICES = 10**7, 5
PLAN = Plan(Target("tcp", "127.0.0.1", 1), Load(payload_bytes=64), extra_us=2.0)


def _written(plan: Plan, every_ns: int, slices: int, data: bytes = bytes(64)) -> Slowing:
    """Return what has written at steady times for so many slices."""
    now = [7 * SLICE_NS]
    made = Slowing(plan, replace(REAL, clock=lambda: now[0], write=lambda _, data: len(data)))
    while now[0] < (7 + slices) * SLICE_NS + 1:
        assert made.write(0, data) == len(data)
        now[0] += every_ns
    return made


def test_every_other_slice_is_slowed_down_in_an_order_that_the_block_draws() -> None:
    first, same, other = (_written(p, 10**6, 60) for p in (PLAN, PLAN, replace(PLAN, block=1)))
    kinds = [first.is_slow(index) for index in range(60)]
    assert all(kinds[at] != kinds[at + 1] for at in range(0, 60, 2))
    assert kinds == [same.is_slow(index) for index in range(60)]
    assert kinds != [other.is_slow(index) for index in range(60)]


def test_whole_slices_behind_the_first_are_counted() -> None:
    plain, slowed = _written(PLAN, SLICE_NS // 10, 45).requests
    assert len(plain) + len(slowed) == 45 - WARMUP_SLICES
    assert set(plain + slowed) == {10}


def test_slices_in_which_nothing_could_be_written_count_as_nothing() -> None:
    plain, slowed = _written(PLAN, 4 * SLICE_NS, 44).requests
    assert sum(plain) + sum(slowed) == (44 - WARMUP_SLICES) // 4
    assert len(plain) + len(slowed) == 44 - WARMUP_SLICES


def test_several_requests_in_one_write_are_as_many() -> None:
    plain, slowed = _written(PLAN, SLICE_NS, 25, bytes(3 * 64)).requests
    assert set(plain + slowed) == {3}


def test_the_extra_time_is_counted_in_turns_of_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slowing, "_turn_ns", lambda: 10.0)
    assert Slowing(PLAN, REAL).turns == 200


def test_a_slice_is_long_beside_a_cycle_or_there_is_none() -> None:
    many = replace(PLAN, load=Load(connections=50))
    assert perturbing.slice_for(many, 100_000) == 0.01
    assert perturbing.slice_for(many, 10_000) == pytest.approx(0.05)
    assert perturbing.slice_for(many, 1000) is None
    assert perturbing.drive(many, 0.1, 1000) is None


def test_single_slices_that_others_held_up_do_not_count() -> None:
    assert perturbing.middle([100, 100, 0, 100, 101, 3, 99, 100]) == pytest.approx(99.75, abs=0.3)
    assert perturbing.middle([]) == 0.0
    assert perturbing.middle([4]) == 4
