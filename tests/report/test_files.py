"""Reports of invented runs, sound and not: every file, in every form."""

import csv
import html.parser
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.model.run import Run
from bench.model.trial import Trial
from bench.report import files
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


class _Balanced(html.parser.HTMLParser):
    """Fails on an end tag that does not match, and collects ids."""

    EMPTY = frozenset({"meta", "link", "input", "br", "path", "rect", "use"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.EMPTY:
            self.open.append(tag)
        self.ids += [str(value) for name, value in attrs if name == "id"]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [str(value) for name, value in attrs if name == "id"]

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.EMPTY:
            assert self.open.pop() == tag


@pytest.mark.parametrize("name", RUNS)
def test_every_run_has_a_report(tmp_path: Path, name: str) -> None:
    run = RUNS[name](tmp_path)
    path = files.write(run_view.view(run))
    page = path.read_text()
    parsed = _Balanced()
    parsed.feed(page)
    assert parsed.open == []
    assert len(parsed.ids) == len(set(parsed.ids))
    for foreign in ("<script src", '<link rel="stylesheet', "@import", "url(http", "<img"):
        assert foreign not in page
    for odd in (" nan", ">None<", "| None", "None |", " inf ", "Undefined"):
        assert odd not in page.split("<script>")[0]
        assert odd not in (tmp_path / "report.md").read_text()
    rows = list(csv.DictReader(io.StringIO((tmp_path / "summary.csv").read_text())))
    assert len(rows) == sum(len(workload.cells) for workload in run_view.view(run).workloads)
    assert all(row["server"] in page for row in rows)


def test_charts_are_files_and_an_older_report_leaves_none(tmp_path: Path) -> None:
    run = synthetic.run(tmp_path, synthetic.EIGHT[:2], blocks=2)
    (tmp_path / "charts").mkdir()
    (tmp_path / "charts" / "old.svg").touch()
    files.write(run_view.view(run))
    names = sorted(path.name for path in (tmp_path / "charts").iterdir())
    assert "old.svg" not in names
    assert [name for name in names if name.endswith(".png")] == [
        "cpu.png",
        "latency.png",
        "memory.png",
        "throughput.png",
    ]
    assert "throughput-kept-50.svg" in names


def test_png_writes_all_of_them(tmp_path: Path) -> None:
    files.write(
        run_view.view(synthetic.run(tmp_path, synthetic.EIGHT[:2], [synthetic.ONE], 2)), png=True
    )
    assert (tmp_path / "charts" / "latency-kept-1.png").read_bytes().startswith(b"\x89PNG")


def test_evidence_is_escaped(tmp_path: Path) -> None:
    run = synthetic.run(tmp_path, synthetic.EIGHT[:2], blocks=2, change=_broken)
    assert "<b>'A'" not in files.render(run_view.view(run), "html")
    assert "'A' \\| 'B'" in files.render(run_view.view(run), "md")


def test_json_holds_the_facts(tmp_path: Path) -> None:
    run = synthetic.run(tmp_path, synthetic.EIGHT[:1], [synthetic.MANY], 2)
    document = json.loads(files.render(run_view.view(run), "json"))
    cell = document["cells"][0]
    assert (cell["verdict"], cell["facts"]["connections_without_reply"]) == ("starved", 49)
    assert document["run"]["seed"] == 11
