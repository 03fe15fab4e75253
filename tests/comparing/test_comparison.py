"""Ratios of two runs with known answers, what may be compared, and the gates."""

import dataclasses
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bench.analysis import intervals
from bench.base.errors import ConfigError
from bench.base.estimate import Estimate
from bench.comparing import comparison, gates
from bench.model.run import Run
from bench.model.trial import Trial
from bench.report.terminal import comparison as ratio_table
from tests.support import synthetic

PLAIN = synthetic.Model("asyncio-protocol", "asyncio", 30, 21)


OTHER = synthetic.Model("selectors-default", "selectors", 19, 12)


def _run(
    folder: Path,
    change: Callable[[Trial], Trial | None] = lambda trial: trial,
    blocks: int = 8,
    **header: Any,
) -> Run:
    run = synthetic.run(folder, [PLAIN, OTHER], [synthetic.MANY], blocks, change)
    return dataclasses.replace(run, header=dataclasses.replace(run.header, **header))


def _noisy(seed: int, factor: float, sigma: float = 0.02) -> Callable[[Trial], Trial]:
    """Return a change that makes one server faster by a factor, with noise."""
    source = random.Random(seed)

    def change(trial: Trial) -> Trial:
        faster = factor if trial.cell.server == PLAIN.name else 1.0
        speed = faster * source.lognormvariate(0, sigma)
        times = synthetic.percentiles(1200.0 / speed)
        trial = synthetic.with_result(
            trial,
            throughput_rps=40_000 * speed,
            response_us=times,
            generator_idle_fraction=0.5,
        )
        return dataclasses.replace(trial, server_usage=synthetic.usage(1.9))

    return change


def test_welch_by_hand() -> None:
    # Means of the logs 1 and 2, variances 1 and 4 of three: error sqrt(5/3), freedom 50/17.
    before, after = [math.exp(log) for log in (0, 1, 2)], [math.exp(log) for log in (0, 2, 4)]
    found = intervals.welch(before, after)
    assert found is not None
    assert found.value == pytest.approx(math.e)
    assert found.low is not None
    quantile = (1 - math.log(found.low)) / math.sqrt(5 / 3)
    # t(2.94) lies between t(2) = 4.303 and t(3) = 3.182, next to the latter.
    assert 3.18 < quantile < 3.25


def test_welch_covers_the_truth() -> None:
    source, covered = random.Random(5), 0
    for _ in range(300):
        before = [source.lognormvariate(10, 0.05) for _ in range(5)]
        after = [source.lognormvariate(10, 0.01) for _ in range(8)]
        found = intervals.welch(before, after)
        assert found is not None
        covered += (found.low or 9) <= 1 <= (found.high or 0)
    assert covered / 300 >= 0.92


def test_one_trial_has_a_ratio_and_no_interval() -> None:
    found = intervals.welch([100.0], [110.0, 110.0])
    assert found is not None
    assert found.value == pytest.approx(1.1)
    assert found.low is None


@pytest.mark.parametrize(("before", "after"), [([], [1.0]), ([1.0], [0.0, 1.0])])
def test_no_ratio_without_values(before: list[float], after: list[float]) -> None:
    assert intervals.welch(before, after) is None


def test_a_slower_server_is_found_and_the_other_is_not_accused(tmp_path: Path) -> None:
    before, after = _run(tmp_path / "a", _noisy(1, 1.0)), _run(tmp_path / "b", _noisy(2, 0.85))
    found = comparison.compare(before, after)
    rows = {row.cell.server: row for row in found.rows}
    assert rows[PLAIN.name].ratios["throughput"].value == pytest.approx(0.85, abs=0.03)
    assert rows[PLAIN.name].ratios["p99"].value == pytest.approx(1 / 0.85, abs=0.05)
    assert {"throughput", "p99", "cpu"} <= rows[PLAIN.name].changed
    assert rows[OTHER.name].changed == frozenset()
    told = gates.fired(found, [gates.parse_gate("throughput < 0.95"), gates.parse_gate("p99>1.1")])
    assert len(told) == 2
    assert all(PLAIN.name in sentence for sentence in told)
    assert "the gate is throughput < 0.95" in told[0]


def test_runs_of_the_same_code_rarely_fire(tmp_path: Path) -> None:
    limits = [gates.parse_gate("throughput < 0.95"), gates.parse_gate("p99 > 1.10")]
    runs = [_run(tmp_path / str(seed), _noisy(seed, 1.0), blocks=5) for seed in range(10)]
    fired = [gates.fired(comparison.compare(runs[0], run), limits) for run in runs[1:]]
    assert not any(fired)


def test_a_gate_needs_the_whole_interval() -> None:
    gate = gates.parse_gate("throughput < 0.95")
    assert gate.fires(Estimate(0.9, 0.86, 0.94))
    assert not gate.fires(Estimate(0.9, 0.80, 0.96))
    assert not gate.fires(Estimate(0.5))
    assert gates.parse_gate("cpu>1.05").fires(Estimate(1.2, 1.06, 1.3))
    assert not gates.parse_gate("cpu>1.05").fires(Estimate(1.2, 1.04, 1.3))


@pytest.mark.parametrize(
    "text", ["", "throughput", "speed < 1", "p99 > -1", "p99 = 1", "p99 > 0", "p99 > 1.1.1"]
)
def test_refuses_what_is_no_gate(text: str) -> None:
    with pytest.raises(ConfigError, match="such as 'throughput") as refused:
        gates.parse_gate(text)
    assert "\n" not in str(refused.value)


def test_a_server_that_broke_is_beyond_any_gate(tmp_path: Path) -> None:
    def broken(trial: Trial) -> Trial:
        if trial.cell.server != PLAIN.name:
            return _noisy(3, 1.0)(trial)
        return synthetic.unready(PLAIN.name, trial.cell.workload, trial.block)

    found = comparison.compare(_run(tmp_path / "a", _noisy(1, 1.0)), _run(tmp_path / "b", broken))
    told = gates.fired(found, [gates.parse_gate("memory > 2")])
    assert told == [f"{PLAIN.name} (kept-50): was valid and is failed."]
    assert gates.fired(found, []) == []


def test_a_bound_does_not_fire_and_is_said(tmp_path: Path) -> None:
    def bound(trial: Trial) -> Trial:
        slower = synthetic.with_result(_noisy(2, 0.8)(trial), generator_idle_fraction=0.0)
        return dataclasses.replace(slower, server_usage=synthetic.usage(1.0))

    found = comparison.compare(_run(tmp_path / "a", _noisy(1, 1.0)), _run(tmp_path / "b", bound))
    limits = [gates.parse_gate("throughput < 0.95")]
    assert gates.fired(found, limits) == []
    assert "the generator was the limit" in gates.undecided(found, limits)[0]


def test_one_trial_is_said_to_be_undecided(tmp_path: Path) -> None:
    before, after = (_run(tmp_path / str(n), _noisy(n, 1.0), blocks=1) for n in (1, 2))
    told = gates.undecided(
        comparison.compare(before, after), [gates.parse_gate("throughput < 0.95")]
    )
    assert len(told) == 1
    assert "no interval" in told[0]


def test_refuses_other_machines_and_settings_unless_forced(tmp_path: Path) -> None:
    before = _run(tmp_path / "a")
    machine = {**before.header.machine, "kernel": "6.8.0"}
    config = dataclasses.replace(before.header.config, duration_s=9.0)
    after = _run(tmp_path / "b", machine=machine, config=config)
    with pytest.raises(ConfigError, match=r"kernel \(6\.1\.0 and 6\.8\.0\)") as refused:
        comparison.compare(before, after)
    assert "duration" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(comparison.compare(before, after, force=True).differing) == 2


def test_what_may_differ(tmp_path: Path) -> None:
    before = _run(tmp_path / "a")
    after = _run(tmp_path / "b", blocks=6, seed=99, commit="f" * 40)
    assert comparison.compare(before, after).differing == ()


def test_refuses_runs_without_a_shared_cell(tmp_path: Path) -> None:
    before = _run(tmp_path / "a")
    after = synthetic.run(tmp_path / "b", [PLAIN], [synthetic.ONE], 2)
    with pytest.raises(ConfigError, match="no server and workload in common"):
        comparison.compare(before, after)


def test_the_table_fits_a_terminal(tmp_path: Path) -> None:
    before = synthetic.run(tmp_path / "a")
    after = synthetic.run(tmp_path / "b", synthetic.EIGHT[:5])
    console = Console(width=100, record=True, file=(tmp_path / "out").open("w"))
    console.print(ratio_table.table(comparison.compare(before, after)))
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= 100
    assert "…" not in text
    assert "Only in A: " in text
    assert "Not compared: blocking (kept-50), starved in A, starved in B." in text
