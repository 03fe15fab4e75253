"""Runs of a generator that slept: marked wherever they are shown, and compared with no other."""

import dataclasses
import io
import shutil
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bench.base.errors import ConfigError
from bench.cli.main import main
from bench.comparing.comparison import compare
from bench.model.cpus import Cpus
from bench.model.run import Run
from bench.report import files
from bench.report.sentences import answer
from bench.report.view import run_view
from bench.store import run_folder
from loadgen.result import Wait
from tests.support import older, synthetic
from tests.support.paths import ROOT

REFERENCE = ROOT / "results" / "reference"
BANNER = "Measured by a generator that sleeps: "


def run(folder: Path, schema: int = 3, **config: str) -> Run:
    """Return a run as a version of that schema wrote it."""
    made = synthetic.run(folder, synthetic.EIGHT[3:5], [synthetic.MANY, synthetic.OFFERED], 2)
    return older.as_of(made, schema, **config)


def shown(found: Run) -> list[str]:
    """Return the page, the Markdown and what the terminal shows."""
    console = Console(width=100, file=io.StringIO())
    console.print(files.table(run_view.view(found), 100))
    terminal = console.file.getvalue()  # type: ignore[attr-defined]
    return [
        files.render(run_view.view(found), "html"),
        files.render(run_view.view(found), "md"),
        terminal,
    ]


def test_a_run_of_an_earlier_version_is_marked_in_every_form(tmp_path: Path) -> None:
    for text in shown(run(tmp_path, schema=2)):
        assert text.count(BANNER) == 1


def test_a_run_that_spun_is_not_marked(tmp_path: Path) -> None:
    for text in shown(run(tmp_path, generator_wait="spin")):
        assert BANNER not in text


def test_on_a_shared_cpu_it_has_to_sleep_and_that_has_its_own_mark(tmp_path: Path) -> None:
    found = run(tmp_path, generator_wait="sleep")
    assert answer.cautions(run_view.view(found)) == [answer.ASLEEP]
    header = dataclasses.replace(found.header, cpus=Cpus((0,), (0,)))
    assert answer.cautions(run_view.view(Run(tmp_path, header, found.trials))) == []


def test_a_report_is_built_of_a_run_of_an_earlier_version(tmp_path: Path) -> None:
    page = files.write(run_view.view(run(tmp_path, schema=2)))
    assert BANNER in page.read_text()
    assert BANNER in (tmp_path / "report.md").read_text()
    assert (tmp_path / "summary.csv").exists()


@pytest.mark.slow
def test_a_report_is_built_of_the_published_run(tmp_path: Path) -> None:
    for name in ("run.json", "trials.jsonl"):
        shutil.copy(REFERENCE / name, tmp_path / name)
    found = run_folder.read(tmp_path)
    page = files.write(run_view.view(found))
    asleep = found.header.config.generator_wait is Wait.SLEEP
    assert (BANNER in page.read_text()) == asleep


def test_it_is_compared_with_no_run_that_spun(tmp_path: Path) -> None:
    slept, spun = run(tmp_path / "a", schema=2), run(tmp_path / "b", generator_wait="spin")
    with pytest.raises(ConfigError) as refused:
        compare([slept], [spun])
    told = str(refused.value)
    assert "how the generator waits (sleep and spin)" in told
    assert "\n" not in told


def test_the_command_says_so_in_a_line(
    tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path / "a", schema=2)
    run(tmp_path / "b", generator_wait="spin")
    words = ["bench", "compare", str(tmp_path / "a"), str(tmp_path / "b")]
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code not in (0, None)
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "how the generator waits (sleep and spin)" in line
