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
from bench.store import run_folder
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


def test_where_a_program_lies_is_not_published(tmp_path: Path) -> None:
    view = _view(tmp_path / "run")
    entry, other = view.run.header.config.servers
    mine = dataclasses.replace(
        entry, command="/home/me/bin/mine --port={port} -c /home/me/mine.cfg"
    )
    theirs = dataclasses.replace(other, python_words=("env", "A=1", "/home/me/py/bin/python3.14t"))
    config = dataclasses.replace(view.run.header.config, servers=(mine, theirs))
    words = ("bench", "run", "--python", "py=/home/me/py/bin/python3.14t -X gil=0")
    header = dataclasses.replace(view.run.header, config=config, command=words)
    run_folder.write_header(view.run.folder, header)
    view = run_view.view(run_folder.read(view.run.folder))
    files.write(view)
    publishing.publish(view, tmp_path / "public")
    texts = [path.read_text() for path in (tmp_path / "public").glob("*.*")]
    assert not any("/home/me" in text for text in texts)
    again = run_folder.read(tmp_path / "public")
    first, second = again.header.config.servers
    assert first.command == "mine --port={port} -c mine.cfg"
    assert second.python_words == ("env", "A=1", "python3.14t")
    assert first.source == entry.source
