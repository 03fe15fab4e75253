"""Ratios of two runs with known answers, and what may be compared."""

import dataclasses
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bench.base.errors import ConfigError
from bench.comparing import comparison
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


def test_a_slower_server_is_found_and_the_other_is_not_accused(tmp_path: Path) -> None:
    before, after = _run(tmp_path / "a", _noisy(1, 1.0)), _run(tmp_path / "b", _noisy(2, 0.85))
    found = comparison.compare([before], [after])
    rows = {row.cell.server: row for row in found.rows}
    assert rows[PLAIN.name].ratios["throughput"].value == pytest.approx(0.85, abs=0.03)
    assert rows[PLAIN.name].ratios["p99"].value == pytest.approx(1 / 0.85, abs=0.05)
    assert {"throughput", "p99", "cpu"} <= rows[PLAIN.name].changed
    assert rows[OTHER.name].changed == frozenset()


def test_what_may_differ(tmp_path: Path) -> None:
    before = _run(tmp_path / "a")
    after = _run(tmp_path / "b", blocks=6, seed=99, commit="f" * 40)
    assert comparison.compare([before], [after]).differing == ()


def test_refuses_runs_without_a_shared_cell(tmp_path: Path) -> None:
    before = _run(tmp_path / "a")
    after = synthetic.run(tmp_path / "b", [PLAIN], [synthetic.ONE], 2)
    with pytest.raises(ConfigError, match="no server and workload in common"):
        comparison.compare([before], [after])


def test_the_table_fits_a_terminal(tmp_path: Path) -> None:
    before = synthetic.run(tmp_path / "a")
    after = synthetic.run(tmp_path / "b", synthetic.EIGHT[:5])
    console = Console(width=100, record=True, file=(tmp_path / "out").open("w"))
    console.print(ratio_table.table(comparison.compare([before], [after])))
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= 100
    assert "…" not in text
    assert "Only in A: " in text
    assert "Not compared: blocking (kept-50), starved in A, starved in B." in text


def test_several_runs_a_side_know_what_the_machine_did_between_them(tmp_path: Path) -> None:
    moved = (1.0, 1.06, 0.97, 1.02)
    runs = [_run(tmp_path / str(at), _noisy(at, machine)) for at, machine in enumerate(moved)]
    alone = comparison.compare(runs[:1], runs[1:2]).rows[0].ratios["throughput"]
    together = comparison.compare(runs[::2], runs[1::2]).rows[0].ratios["throughput"]
    # One run a side is sure of a change that the machine made; two a side are not.
    assert alone.excludes_one
    assert not together.excludes_one
    assert together.value == pytest.approx(1.055, abs=0.02)


def test_what_a_comparison_would_have_shown_is_told(tmp_path: Path) -> None:
    before, after = (_run(tmp_path / str(at), _noisy(at, 1.0)) for at in range(2))
    found = comparison.compare([before], [after])
    row = next(row for row in found.rows if row.cell.server == PLAIN.name)
    # Two means of eight trials of 2 %, at a level for 14 tests, with a power of 80 %.
    assert row.detectable["throughput"] == pytest.approx(0.045, abs=0.02)
    console = Console(width=100, record=True, file=(tmp_path / "out").open("w"))
    console.print(ratio_table.table(found))
    text = " ".join(console.export_text().split())
    assert "shown, with a power of 80 %, in the median cell: throughput 4." in text
    assert "One run a side cannot know what the machine did between them" in text


def test_how_many_runs_a_side_it_would_take_and_that_they_were_not_in_turns(
    tmp_path: Path,
) -> None:
    moved = (1.0, 1.02, 0.99, 1.01)
    runs = [
        _run(tmp_path / str(at), _noisy(at, machine), created_at=f"2026-01-0{at + 1}T10:00:00Z")
        for at, machine in enumerate(moved)
    ]
    console = Console(width=100, record=True, file=(tmp_path / "out").open("w"))
    found = comparison.compare(runs[:2], runs[2:])
    assert found.wanted is not None
    assert 2 < found.wanted < 12
    console.print(ratio_table.table(found))
    text = " ".join(console.export_text().split())
    assert f"By that, {found.wanted} runs a side would show 5% of the figure that ranks" in text
    assert "All runs of one side were measured before those of the other" in text
    assert comparison.compare(runs[::2], runs[1::2]).in_turns


def test_a_figure_that_a_run_lacks_is_compared_by_none(tmp_path: Path) -> None:
    def without(trial: Trial) -> Trial:
        return dataclasses.replace(trial, server_usage=None)

    runs = [_run(tmp_path / str(at), _noisy(at, 1.0)) for at in range(3)]
    runs.append(_run(tmp_path / "less", without))
    row = comparison.compare(runs[:2], runs[2:]).rows[0]
    assert "throughput" in row.ratios
    assert "cpu" not in row.ratios
