"""Runs laid out over time, and the steps that are marked in them."""

import dataclasses
from pathlib import Path

import pytest

from bench.analysis.metrics import METRICS
from bench.base.errors import ConfigError
from bench.history.timeline import timeline
from bench.report.over_runs import words
from tests.history.common import MODELS, STEPPED, levels, write
from tests.support import synthetic


def test_a_step_is_marked_where_it_is_and_nowhere_else(tmp_path: Path) -> None:
    runs = write(tmp_path, levels(10, 0.02, seed=3, step_at=6, factor=1.25))
    found = timeline(runs[::-1])  # in whatever order they are named
    assert [run.header.run_id for run in found.runs] == [f"run-{at:02}" for at in range(10)]
    steps = {series.cell.server: series.steps for series in found.series if series.steps}
    assert list(steps) == [STEPPED]
    (step,) = steps[STEPPED]
    assert (step.at, step.better) == (6, True)
    assert step.ratio.low is not None
    assert step.ratio.high is not None
    assert step.ratio.low < 1.25 < step.ratio.high
    assert 0.01 < found.noise["throughput"] < 0.06


def test_what_runs_differ_by_is_no_step(tmp_path: Path) -> None:
    # Trials of 1 % and runs of 5 %: by its trials alone, every run would differ from the last.
    found = timeline(write(tmp_path, levels(8, 0.05, seed=6)))
    assert not any(series.steps for series in found.series)


def test_of_two_runs_of_one_cell_no_step_is_told(tmp_path: Path) -> None:
    runs = write(tmp_path, levels(2, 0.0, seed=1, step_at=1, factor=0.7))
    found = timeline(runs, server=STEPPED)
    assert found.noise == {}
    assert not any(series.steps for series in found.series)
    assert any("too few neighbouring runs" in note for note in words.notes(found))


def test_runs_of_one_trial_have_points_and_no_step(tmp_path: Path) -> None:
    found = timeline(write(tmp_path, levels(6, 0.01, seed=1, step_at=3, factor=0.5), blocks=1))
    assert all(len(series.points) == 6 for series in found.series)
    assert not any(series.steps for series in found.series)


def test_a_machine_that_moved_all_cells_is_named(tmp_path: Path) -> None:
    worth = [{model.name: 0.6 if at >= 5 else 1.0 for model in MODELS} for at in range(9)]
    found = timeline(write(tmp_path, worth))
    assert words.moved_together(found) == [5]
    assert any("the machine did" in note for note in words.notes(found))


def test_runs_of_another_machine_are_left_out_and_named(tmp_path: Path) -> None:
    runs = write(tmp_path, levels(3, 0.01, seed=1))
    foreign = dataclasses.replace(
        runs[0].header, run_id="foreign", machine={**runs[0].header.machine, "cpu_model": "Other"}
    )
    found = timeline([dataclasses.replace(runs[0], header=foreign), *runs[1:]])
    ((name, why),) = found.left_out
    assert name == "foreign"
    assert "CPU model" in why
    with pytest.raises(ConfigError, match="no two of these 2 runs are on equal terms"):
        timeline([dataclasses.replace(runs[0], header=foreign), runs[1]])


def test_a_run_without_a_cell_leaves_a_gap(tmp_path: Path) -> None:
    runs = write(tmp_path, levels(4, 0.01, seed=1))
    trials = [trial for trial in runs[1].trials if trial.cell.server != STEPPED]
    runs[1] = dataclasses.replace(runs[1], trials=trials)
    found = timeline(runs, server=STEPPED)
    (series,) = found.series
    assert [point.run for point in series.points] == [0, 2, 3]


def test_a_figure_and_a_cell_of_ones_own(tmp_path: Path) -> None:
    runs = write(tmp_path, levels(3, 0.01, seed=1))
    found = timeline(runs, METRICS["p99"], server=STEPPED, workload="kept-50")
    assert [(s.cell.server, s.figure.name) for s in found.series] == [(STEPPED, "p99")]
    with pytest.raises(ConfigError, match="no server 'nobody'; there are asyncio-protocol"):
        timeline(runs, server="nobody")


def test_a_bound_may_hide_the_opposite(tmp_path: Path) -> None:
    runs = write(tmp_path, levels(10, 0.01, seed=3, step_at=5, factor=1.5))
    assert any(series.steps for series in timeline(runs, server=STEPPED).series)
    # Before the step the generator was the limit: the server may have been as fast then.
    bound = [
        dataclasses.replace(
            synthetic.with_result(trial, generator_idle_fraction=0.0),
            server_usage=synthetic.usage(0.8),
        )
        for trial in runs[4].trials
    ]
    runs[4] = dataclasses.replace(runs[4], trials=bound)
    found = timeline(runs, server=STEPPED)
    (series,) = found.series
    assert series.points[4].bound
    assert words.point(series.figure, series.points[4]).startswith("≥ ")
    assert not series.steps


def test_a_last_run_of_another_kind_is_left_out(tmp_path: Path) -> None:
    """Who runs something else in between has a history all the same."""
    runs = write(tmp_path, levels(4, 0.01, seed=1))
    config = dataclasses.replace(runs[0].header.config, duration_s=7.0)
    other = dataclasses.replace(
        runs[0].header, run_id="other", created_at="2027-01-01T00:00:00Z", config=config
    )
    found = timeline([*runs, dataclasses.replace(runs[0], header=other)])
    assert [run.header.run_id for run in found.runs] == [run.header.run_id for run in runs]
    ((name, why),) = found.left_out
    assert name == "other"
    assert why


def test_a_copy_of_a_run_is_none_and_neither_is_an_empty_one(tmp_path: Path) -> None:
    """Copies would tell that runs differ by nothing, and every difference be a step."""
    runs = write(tmp_path, levels(3, 0.01, seed=1))
    copy = dataclasses.replace(runs[1], folder=tmp_path / "copy")
    empty = dataclasses.replace(runs[2], folder=tmp_path / "empty", trials=[])
    found = timeline([*runs, copy, empty])
    assert [run.header.run_id for run in found.runs] == [run.header.run_id for run in runs]
    assert dict(found.left_out) == {
        "copy": f"is a copy of {runs[1].folder.name}",
        "empty": "has no trial with figures",
    }
    with pytest.raises(ConfigError, match="the only run"):
        timeline([runs[1], copy])


def test_where_points_are_bounds_a_step_is_not_denied(tmp_path: Path) -> None:
    runs = write(tmp_path, levels(8, 0.0, seed=1, step_at=4, factor=0.5))
    found = timeline(runs)
    series = next(each for each in found.series if each.cell.server == STEPPED)
    bounds = tuple(dataclasses.replace(point, bound=True) for point in series.points)
    hidden = dataclasses.replace(series, points=bounds, steps=())
    assert words.steps(found, hidden) == "not told: some are bounds"
    assert words.steps(found, dataclasses.replace(series, steps=())) == "no step"


def test_what_is_not_drawn_is_named(tmp_path: Path) -> None:
    runs = write(tmp_path, levels(3, 0.01, seed=1))
    rest = [
        dataclasses.replace(run, trials=[t for t in run.trials if t.cell.server != STEPPED])
        for run in runs[1:]
    ]
    found = timeline([runs[0], *rest])
    assert [server for server, _ in found.undrawn] == [STEPPED]
    assert any(note.startswith("Not drawn, for fewer than two") for note in words.notes(found))
