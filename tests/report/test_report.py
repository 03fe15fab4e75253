"""Reports of invented runs, sound and not: files, tables, and sentences true of the data."""

import csv
import dataclasses
import html.parser
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from bench.base import wording
from bench.base.estimate import Estimate
from bench.model.run import Run
from bench.model.trial import Cell, Trial
from bench.report import files
from bench.report.sentences import answer
from bench.report.view import run_view
from loadgen.result import Evidence
from tests.support import synthetic

Change = Callable[[Trial], Trial | None]


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
        assert f"\n{cell.server[:18]}" in text
        assert cell.verdict.name in text


def test_the_starved_come_last_on_the_terminal(tmp_path: Path) -> None:
    run = synthetic.run(tmp_path, synthetic.EIGHT, [synthetic.MANY], 2)
    console = Console(width=100, file=io.StringIO())
    console.print(files.table(run_view.view(run), 100))
    lines = console.file.getvalue().split("\n")  # type: ignore[attr-defined]
    assert [line.split()[0] for line in lines[2:10]][-2:] == ["blocking", "process-pool"]


def _answer(run: Run) -> str:
    view = run_view.view(run)
    return " ".join(answer.answer(view, view.workloads[0]))


def test_the_answer_names_the_first_its_lead_and_its_cost(tmp_path: Path) -> None:
    told = _answer(synthetic.run(tmp_path, workloads=[synthetic.MANY]))
    assert told.startswith("uvloop-protocol answers most: 7")
    assert "as many as selectors-default" in told
    assert "30.0 MiB" in told
    assert "Not ranked: blocking and process-pool (starved)." in told


def test_equal_servers_are_tied(tmp_path: Path) -> None:
    twins = [synthetic.Model(name, "asyncio", 30, 20) for name in ("one", "other")]
    run = synthetic.run(tmp_path, twins, [synthetic.MANY])
    assert "is tied with" in _answer(run)


def test_the_native_server_is_the_ceiling_and_has_no_place(tmp_path: Path) -> None:
    native = synthetic.Model("native-epoll", "native", 6.5, 2)
    run = synthetic.run(tmp_path, [*synthetic.EIGHT[3:], native], [synthetic.MANY])
    told = _answer(run)
    assert told.startswith("uvloop-protocol answers most")
    assert "Its CPU cost is 2.0 times that of native-epoll, the native server." in told
    assert "Not ranked" not in told
    assert all("native" not in tier for tier in run_view.view(run).workloads[0].order.tiers)
    assert "native-epoll" in files.render(run_view.view(run), "html")


def test_one_trial_tells_nobody_apart(tmp_path: Path) -> None:
    told = _answer(synthetic.run(tmp_path, workloads=[synthetic.MANY], blocks=1))
    assert "one trial tells nobody apart" in told
    assert "measure again with more trials" in told
    assert "tied" not in told


def test_a_lower_bound_is_led_by_nobody(tmp_path: Path) -> None:
    def change(trial: Trial) -> Trial:
        if trial.cell.server != "selectors-default":
            return trial
        trial = synthetic.with_result(trial, generator_idle_fraction=0.0)
        return dataclasses.replace(trial, server_usage=synthetic.usage(0.8))

    run = synthetic.run(tmp_path, synthetic.EIGHT[3:], [synthetic.MANY], change=change)
    order = run_view.view(run).workloads[0].order
    assert "selectors-default" in order.tiers[0]
    assert "lower bounds, shown as ≥" in _answer(run)


def test_a_difference_within_the_twins_is_no_lead(tmp_path: Path) -> None:
    models = [
        synthetic.Model("fast", "asyncio", 30, 20),
        synthetic.Model("slow", "asyncio", 33, 20),
        synthetic.Model("twin", "asyncio", 40, 20),
    ]

    def change(trial: Trial) -> Trial:
        name = "fast~aa" if trial.cell.server == "twin" else trial.cell.server
        return dataclasses.replace(trial, cell=Cell(name, trial.cell.workload))

    run = synthetic.run(tmp_path, models, [synthetic.MANY], change=change)
    order = run_view.view(run).workloads[0].order
    assert order.tiers == (("fast", "slow"),)
    assert "A server and its twin differ by up to 3" in _answer(run)


@pytest.mark.parametrize(
    ("value", "half", "text"),
    [
        (41234.5, 300, "41,200"),
        (41234.5, 120, "41,230"),
        (41234.5, 0.01, "41,230"),
        (41234.5, None, "41,200"),
        (0.98765, 0.004, "0.988"),
        (13.0567, 0.2, "13.1"),
        (0.0, None, "0"),
    ],
)
def test_numbers_are_rounded_to_their_interval(value: float, half: float | None, text: str) -> None:
    assert wording.number(value, half) == text


def test_words() -> None:
    assert wording.estimate(Estimate(41234.5, 40934.5, 41534.5), "/s") == "41,200 ± 300 /s"
    assert wording.estimate(Estimate(41234.5)) == "41,200"
    assert [wording.duration(time_us) for time_us in (8.7, 870.4, 1240, 2.1e6)] == [
        "8.70 µs",
        "870 µs",
        "1.24 ms",
        "2.10 s",
    ]
    assert (
        wording.shortened("a-server-with-an-endless-name-protocol") == "a-server-with…ame-protocol"
    )
    assert wording.listing(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
    assert wording.times(Estimate(1.4711, 1.4502, 1.4925)) == "1.47 times (1.45 to 1.49)"
    assert wording.ratio(Estimate(0.9412, 0.5, 1.4)) == "0.94"
    assert wording.ratio(Estimate(0.9412, 0.9372, 0.9452)) == "0.941"
    assert wording.ranged(Estimate(0.93, 0.073, 12.1)) == "0.93 (0.073 to 12)"
    assert wording.clock(247.4) == "4:07"
    assert wording.times(Estimate(3975.7, 3762.4, 4201.2)) == "4,000 times (3,800 to 4,200)"
