"""A run is published if its own verdicts let it, and what stands stays if they do not."""

import dataclasses
import errno
from pathlib import Path

import msgspec
import pytest

from bench.authoring import publishing
from bench.base.errors import StoreError
from bench.model.trial import Trial
from bench.report import files
from bench.report.view import run_view
from bench.report.view.run_view import RunView
from bench.store import run_folder
from tests.support import synthetic
from tests.support.paths import ROOT

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
    program = "/home/me/my pythons/a&b/bin/python3"
    theirs = dataclasses.replace(other, python_words=("env", "A=1", program))
    config = dataclasses.replace(view.run.header.config, servers=(mine, theirs))
    words = (
        *("bench", "run", "--python", f"py=A=1 '{program}' -X gil=0"),
        *("--python", "other=/home/me/other/bin/python3", "--out=/home/me/runs/one"),
    )
    header = dataclasses.replace(view.run.header, config=config, command=words)
    run_folder.write_header(view.run.folder, header)
    view = run_view.view(run_folder.read(view.run.folder))
    said = f'  File "{ROOT}/servers/x.py"\n  File "{Path.home()}/lib/y.py", in {program}'
    trials = [dataclasses.replace(trial, reason=said) for trial in view.run.trials]
    with (view.run.folder / "trials.jsonl").open("w") as file:
        file.writelines(f"{msgspec.json.encode(trial).decode()}\n" for trial in trials)
    files.write(view)
    publishing.publish(view, tmp_path / "public")
    for path in (tmp_path / "public").glob("*.*"):
        text = path.read_text()
        assert "/home/me" not in text, path
        assert "my pythons" not in text, path
        assert str(ROOT) not in text, path
        assert f"{Path.home()}/" not in text, path
    again = run_folder.read(tmp_path / "public")
    first, second = again.header.config.servers
    assert first.command == "mine --port={port} -c mine.cfg"
    assert second.python_words == ("env", "A=1", "a&b/bin/python3")
    assert "other=other/bin/python3" in again.header.command
    assert first.source == entry.source


def test_tables_of_an_earlier_publication_go(tmp_path: Path) -> None:
    view = _view(tmp_path / "run")
    files.write(view)
    publishing.publish(view, tmp_path / "public")
    (tmp_path / "public" / "old.csv").write_text("x")
    (tmp_path / "elsewhere").write_text("precious")
    (tmp_path / "public" / "summary.csv").unlink()
    (tmp_path / "public" / "summary.csv").symlink_to(tmp_path / "elsewhere")
    publishing.publish(view, tmp_path / "public")
    assert not (tmp_path / "public" / "old.csv").exists()
    assert (tmp_path / "elsewhere").read_text() == "precious"


def test_a_run_is_not_published_over_itself(tmp_path: Path) -> None:
    view = _view(tmp_path / "run")
    files.write(view)
    (tmp_path / "link").symlink_to(tmp_path / "run")
    before = sorted(path.name for path in (tmp_path / "run").iterdir())
    for to in ("run", "link"):
        with pytest.raises(StoreError, match="is the run itself"):
            publishing.publish(view, tmp_path / to)
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == before


def test_what_cannot_be_written_costs_nothing_of_an_earlier_publication(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = _view(tmp_path / "run")
    files.write(view)
    publishing.publish(view, tmp_path / "public")
    kept = {p: p.read_bytes() for p in (tmp_path / "public").rglob("*") if p.is_file()}
    write, left = Path.write_text, [3]

    def full(path: Path, text: str) -> int:
        left[0] -= 1
        if not left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, text)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(StoreError, match="No space left on device; the run itself is whole"):
        publishing.publish(view, tmp_path / "public")
    assert {p: p.read_bytes() for p in (tmp_path / "public").rglob("*") if p.is_file()} == kept
    assert sorted(path.name for path in tmp_path.iterdir()) == ["public", "run"]


def test_what_others_have_put_beside_the_charts_stays(tmp_path: Path) -> None:
    view = _view(tmp_path / "run")
    files.write(view)
    (tmp_path / "mine/charts").mkdir(parents=True)
    (tmp_path / "mine/charts/mine.txt").write_text("x")
    with pytest.raises(StoreError, match="is no run"):
        publishing.publish(view, tmp_path / "mine")
    publishing.publish(view, tmp_path / "public")
    (tmp_path / "public/charts/mine.txt").write_text("x")
    publishing.publish(view, tmp_path / "public")
    assert (tmp_path / "public/charts/mine.txt").read_text() == "x"


def test_what_lies_beside_the_folder_is_nobodys_to_remove(tmp_path: Path) -> None:
    view = _view(tmp_path / "run")
    files.write(view)
    for name in ("public.new", ".public"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "public")
    publishing.publish(view, tmp_path / "link")
    assert (tmp_path / "public" / "run.json").exists()
    assert all((tmp_path / name / "mine").exists() for name in ("public.new", ".public"))
    beside = {path.name for path in tmp_path.iterdir()}
    assert beside == {"run", "link", "public", "public.new", ".public"}
