"""The order of a block, and which block comes next."""

from typing import Any

import pytest

from bench.model.trial import Cell, Workload
from bench.plan import blocks
from loadgen.plan import Load


def plan_of(count: int, **more: Any) -> blocks.RunPlan:
    cells = tuple(Cell(f"server-{n}", Workload("w", "tcp", Load())) for n in range(count))
    return blocks.RunPlan(cells, **({"blocks": 3, "seed": 1} | more))


class TestOrder:
    def test_each_block_holds_every_cell_once_in_an_order_of_its_own(self) -> None:
        blocks = [plan_of(20, seed=4).order(block) for block in range(6)]
        assert all(sorted(block) == list(range(20)) for block in blocks)
        assert len(set(blocks)) == 6

    def test_the_seed_decides(self) -> None:
        first, again, other = (plan_of(9, seed=seed).order(2) for seed in (1, 1, 2))
        assert first == again != other


@pytest.mark.parametrize(
    ("asked", "now", "expected"),
    [
        pytest.param({}, {}, 0, id="starts with the first block"),
        pytest.param({}, {"done": 0}, 1, id="goes on"),
        pytest.param({}, {"done": 2}, None, id="ends"),
        pytest.param(
            {"proving": True, "budget_s": 99}, {"done": 2}, 3, id="goes on until it is decided"
        ),
        pytest.param(
            {"proving": True, "budget_s": 99},
            {"done": 2, "decided": True},
            None,
            id="and no longer",
        ),
        pytest.param(
            {"proving": True, "budget_s": 99},
            {"done": 2, "extra_s": 100.0},
            None,
            id="or until its time is up",
        ),
        pytest.param(
            {"proving": True, "budget_s": 9},
            {"done": 0, "extra_s": 10.0},
            1,
            id="not before the first look",
        ),
        pytest.param({"first": 4}, {}, 4, id="an extended run starts behind its last"),
        pytest.param({"first": 4}, {"done": 6}, None, id="and adds so many"),
        pytest.param({"first": 5, "blocks": 0}, {}, None, id="a finished run has nothing left"),
        pytest.param(
            {"first": 9, "blocks": 0, "until": 0.03, "budget_s": 99},
            {"width": 0.05},
            9,
            id="unless its intervals are to be narrower",
        ),
        pytest.param(
            {"budget_s": 9}, {"done": 1, "disturbed": True}, 1, id="repeats a disturbed block"
        ),
        pytest.param(
            {"budget_s": 9},
            {"done": 1, "disturbed": True, "repeated": frozenset({1})},
            2,
            id="but only once",
        ),
        pytest.param(
            {"budget_s": 9},
            {"done": 1, "disturbed": True, "extra_s": 9.5},
            2,
            id="and only within the budget",
        ),
        pytest.param(
            {"until": 0.03, "budget_s": 99, "blocks": 8},
            {"done": 7, "width": 0.05},
            8,
            id="adds blocks until intervals are narrow",
        ),
        pytest.param(
            {"until": 0.03, "budget_s": 99, "blocks": 8},
            {"done": 7, "width": 0.02},
            None,
            id="ends when they are",
        ),
        pytest.param(
            {"until": 0.03, "budget_s": 99},
            {"done": 2, "width": 0.01},
            3,
            id="believes no interval of few blocks",
        ),
        pytest.param(
            {"until": 0.03, "budget_s": 99, "blocks": 8},
            {"done": 20, "width": 0.05, "extra_s": 100},
            None,
            id="ends when the time is up",
        ),
    ],
)
def test_the_next_block(asked: dict[str, Any], now: dict[str, Any], expected: int | None) -> None:
    assert blocks.next_block(plan_of(2, **asked), blocks.Standing(**now)) == expected


def test_all_time_of_a_run_that_proves_something_counts() -> None:
    plain, proving = plan_of(2), plan_of(2, proving=True)
    assert [plain.is_extra(block, again=False) for block in (0, 2, 3)] == [False, False, True]
    assert plain.is_extra(0, again=True)
    assert all(proving.is_extra(block, again=False) for block in (0, 2, 3))


def test_looks_become_rarer() -> None:
    plan = plan_of(2, blocks=5, proving=True)
    assert [block for block in range(9) if plan.is_look(block)] == [4, 5, 6, 7, 8]
    assert 15 <= sum(plan.is_look(block) for block in range(200, 400)) <= 25
    assert not any(plan_of(2, blocks=5).is_look(block) for block in range(9))
