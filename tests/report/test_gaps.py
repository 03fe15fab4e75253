"""A part of a report that fails costs no other, and is named."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.base.gaps import Gaps
from bench.report import charts, files, tables
from bench.report.charts import kinds
from bench.report.view import run_view
from bench.store import run_folder
from tests.support import synthetic


def broken(*_: object, **__: object) -> Any:
    raise ValueError("Data cannot be log-scaled")


def reported(folder: Path) -> Gaps:
    gaps = Gaps()
    view = run_view.view(synthetic.run(folder, synthetic.EIGHT[:2], [synthetic.MANY], 2))
    files.write(view, gaps)
    return gaps


def test_a_chart_that_cannot_be_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = next(kind for kind in kinds.KINDS if kind.name == "latency")
    those = tuple(replace(kind, draw=broken) if kind is first else kind for kind in kinds.KINDS)
    monkeypatch.setattr(charts, "KINDS", those)
    gaps = reported(tmp_path)
    assert gaps.defects
    (line,) = gaps.lines()
    assert line.startswith(f"the chart {first.name}-kept-50")
    assert line.endswith("ValueError: Data cannot be log-scaled")
    page = (tmp_path / "report.html").read_text()
    assert "Left out:" in page
    assert "log-scaled" in page
    assert page.count("<svg") > 3
    assert "log-scaled" in (tmp_path / "report.md").read_text()
    assert not list((tmp_path / "charts").glob(f"{first.name}-*.svg"))


PARTS: dict[str, tuple[Any, str, Callable[[Path], Path]]] = {
    "the tables": (tables, "summary", lambda folder: folder / "summary.csv"),
    "verdicts.json": (files, "verdicts", lambda folder: folder / "verdicts.json"),
}


@pytest.mark.parametrize("name", PARTS)
def test_a_file_that_cannot_be_made(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, function, path = PARTS[name]
    monkeypatch.setattr(where, function, broken)
    gaps = reported(tmp_path)
    assert [line.partition(":")[0] for line in gaps.lines()] == [name]
    assert not path(tmp_path).exists()
    assert name in (tmp_path / "report.html").read_text()


def test_places_that_are_taken(tmp_path: Path) -> None:
    for name in ("pairs.csv", "report.md"):
        (tmp_path / "run" / name / "mine").mkdir(parents=True)
    run = synthetic.run(tmp_path / "other", synthetic.EIGHT[:2], [synthetic.MANY], 2)
    gaps = Gaps()
    files.write(run_view.view(replace(run, folder=tmp_path / "run")), gaps)
    assert gaps.lines() == ["pairs.csv and report.md: Is a directory"]
    assert not gaps.defects
    assert "Is a directory" in (tmp_path / "run" / "report.html").read_text()


def test_a_link_that_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "results" / "run"
    (tmp_path / "results" / "latest" / "mine").mkdir(parents=True)
    folder.mkdir()
    with pytest.raises(IsADirectoryError):
        run_folder.link_latest(folder)
    assert sorted(path.name for path in folder.parent.iterdir()) == ["latest", "run"]


def test_nothing_is_missing_of_a_sound_run(tmp_path: Path) -> None:
    gaps = reported(tmp_path)
    assert not gaps.lines()
    assert "Left out:" not in (tmp_path / "report.html").read_text()
