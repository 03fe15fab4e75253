"""What is found before a run: rates that every server can carry, siblings that nobody tells of."""

from typing import Any

import pytest

from bench.model.calibration import Amount, Calibration, Look
from bench.plan import workloads
from bench.running import calibration


@pytest.mark.parametrize(
    ("peaks", "rate"),
    [([8517.0, 20_000.0], 2000), ([10_000.0], 5000), ([2.1], 1), ([0.5], 1), ([], 1), ([4e6], 2e6)],
)
def test_a_common_rate_is_at_most_half_of_the_lowest_peak(peaks: list[float], rate: float) -> None:
    assert calibration.common_rate(peaks) == rate


def test_a_run_whose_servers_all_failed_is_told_so_and_goes_on() -> None:
    found = Calibration(peaks_rps={"churn": {}}, rates_rps={"churn": 1.0})
    assert found.notices() == ["rate: churn is offered 1 requests/s: no server answered"]


def test_a_rate_to_be_found_is_no_closed_loop_and_once_found_a_rate_like_any_other() -> None:
    axes: dict[str, list[Any]] = {"connections": [50], "requests_per_connection": [1]}
    tables = {"closed": axes, "common": axes | {"rate": ["common"]}}
    closed, common = workloads.workloads(tables)
    assert common.common_rate
    assert closed != common
    (given,) = workloads.workloads({"common": axes | {"rate": [2000.0]}})
    assert calibration.settled(common, {"common": 2000.0}) == given
    assert calibration.settled(closed, {}) is closed


@pytest.mark.parametrize(
    ("spinning", "sleeping", "hidden"),
    [
        (Look(100.0, 9.0), Look(150.0, 6.0), True),
        (Look(100.0, 6.0), Look(150.0, 6.0), False),  # slower, and at no more cost: noise
        (Look(150.0, 6.0), Look(150.0, 6.5), False),
        (None, Look(150.0, 6.5), None),
    ],
)
def test_hidden_siblings_slow_a_server_and_make_it_dearer(
    spinning: Look | None, sleeping: Look | None, hidden: bool | None
) -> None:
    found = Calibration(spinning=spinning, sleeping=sleeping)
    assert found.hidden_siblings is hidden
    assert bool(found.notices()) is bool(hidden)


@pytest.mark.parametrize(
    ("at_end_us", "told"), [(None, ""), (104.0, ""), (83.0, "17% less"), (107.0, "7% more")]
)
def test_work_that_takes_another_time_at_the_end_is_told(
    at_end_us: float | None, told: str
) -> None:
    lines = Calibration(amounts=(Amount("", "spin", 100.0, 1000, 99.0, at_end_us),)).drifts()
    assert bool(lines) == bool(told)
    assert all(told in line for line in lines)
