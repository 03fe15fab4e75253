"""A run is published if its own verdicts let it, and what stands stays if they do not."""

import dataclasses
from pathlib import Path

import pytest

from bench.authoring import publishing
from bench.base.errors import StoreError
from bench.model.trial import Trial
from bench.report import files
from bench.report.view import run_view
from bench.report.view.run_view import RunView
from tests.support import synthetic

TWO = synthetic.EIGHT[4:6]


def _view(folder: Path, blocks: int = 10, **how: object) -> RunView:
    run = synthetic.run(folder, TWO, [synthetic.MANY], blocks, **how)  # type: ignore[arg-type]
    return run_view.view(run)


def _disturbed(trial: Trial) -> Trial:
    return dataclasses.replace(trial, others={"server": 0.5, "generator": 0.0})


def test_a_quiet_run_is_published_with_all_that_makes_its_report(tmp_path: Path) -> None:
    view = _view(tmp_path / "run")
    assert publishing.doubts(view) == []
    files.write(view)
    publishing.publish(view, tmp_path / "public")
    again = run_view.view(dataclasses.replace(view.run, folder=tmp_path / "public"))
    assert (tmp_path / "public" / "report.html").stat().st_size > 1000
    assert not (tmp_path / "public" / "samples").exists()
    assert files.render(again, "csv") == files.render(view, "csv")


def test_a_noisy_run_is_not_and_neither_is_one_of_few_blocks(tmp_path: Path) -> None:
    (noisy,) = publishing.doubts(_view(tmp_path / "noisy", change=_disturbed))
    assert noisy == "2 of 2 cells are noisy, where 10% may be"
    (few,) = publishing.doubts(_view(tmp_path / "few", blocks=5))
    assert few == "a cell has 5 blocks of the 10 that it takes"


def test_a_folder_that_is_no_run_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "precious.csv").write_text("x")
    with pytest.raises(StoreError, match="is no run"):
        publishing.publish(_view(tmp_path / "run"), tmp_path / "mine")
    assert (tmp_path / "mine" / "precious.csv").read_text() == "x"


def test_runs_that_are_published_below_another_stay(tmp_path: Path) -> None:
    view = _view(tmp_path / "run")
    files.write(view)
    publishing.publish(view, tmp_path / "public" / "below")
    publishing.publish(view, tmp_path / "public" / "other")
    assert (tmp_path / "public" / "below" / "run.json").exists()
