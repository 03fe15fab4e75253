"""The ranking on a terminal, as wide as that is."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from bench.model.run import Run
from bench.model.trial import Trial
from bench.report import files
from bench.report.terminal import ranking
from bench.report.view import run_view
from loadgen.result import Evidence
from tests.support import synthetic


def _broken(trial: Trial) -> Trial:
    if trial.position % 2:
        return synthetic.unready(trial.cell.server, trial.cell.workload, trial.block)
    evidence = (Evidence("wrong-bytes", 3, "<b>'A' | 'B'</b>"),)
    return synthetic.with_result(trial, mismatches=3, evidence=evidence)


def _first_only(trial: Trial) -> Trial | None:
    return trial if trial.block + trial.position == 0 else None


RUNS: dict[str, Callable[[Path], Run]] = {
    "eight": lambda folder: synthetic.run(folder, blocks=2),
    "one server": lambda folder: synthetic.run(folder, synthetic.EIGHT[4:5], blocks=2),
    "one trial": lambda folder: synthetic.run(folder, synthetic.EIGHT[3:6], blocks=1),
    "25 servers": lambda folder: synthetic.run(
        folder, synthetic.EIGHT + synthetic.EXTRA, [synthetic.MANY], blocks=2
    ),
    "all broken": lambda folder: synthetic.run(
        folder, workloads=[synthetic.MANY, synthetic.CHURN], blocks=2, change=_broken
    ),
    "cut off": lambda folder: synthetic.run(folder, change=_first_only),
    "nothing": lambda folder: synthetic.run(folder, change=lambda trial: None),
    "open loop": lambda folder: synthetic.run(
        folder, synthetic.EIGHT[3:6], [synthetic.OFFERED, synthetic.DATAGRAM], blocks=2
    ),
}


@pytest.mark.parametrize("width", [100, 80])
@pytest.mark.parametrize("name", RUNS)
def test_the_terminal_table_fits(tmp_path: Path, name: str, width: int) -> None:
    view = run_view.view(RUNS[name](tmp_path))
    console = Console(width=width, file=io.StringIO())
    console.print(files.table(view, width))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert all(len(line) <= width for line in text.splitlines())
    assert "…" not in text
    for cell in view.workloads[0].cells:
        assert f"\n{cell.server} " in text
        assert cell.verdict.name in text


@pytest.mark.parametrize("width", [40, 50, 60])
def test_on_a_narrow_terminal_names_and_verdicts_are_whole(tmp_path: Path, width: int) -> None:
    view = run_view.view(RUNS["eight"](tmp_path))
    console = Console(width=width, file=io.StringIO())
    console.print(ranking.table(view, width))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    for cell in view.workloads[0].cells:
        (row,) = [line for line in lines[2:10] if line.startswith(f"{cell.server} ")]
        assert cell.verdict.name[:5] in row


def test_the_starved_come_last_on_the_terminal(tmp_path: Path) -> None:
    run = synthetic.run(tmp_path, synthetic.EIGHT, [synthetic.MANY], 2)
    console = Console(width=100, file=io.StringIO())
    console.print(ranking.table(run_view.view(run), 100))
    lines = console.file.getvalue().split("\n")  # type: ignore[attr-defined]
    assert [line.split()[0] for line in lines[2:10]][-2:] == ["blocking", "process-pool"]
