"""A proof is made again with the report of its run: blocks may have been added."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.base.gaps import Gaps
from bench.comparing import gates
from bench.model.run import Run
from bench.proving import gating
from bench.proving.decision import Question
from bench.proving.proof import proof
from bench.report.proof import files
from tests.comparing.common import OTHER, PLAIN, noisy, run

QUESTION = Question(OTHER.name, PLAIN.name, 0.04, ("throughput",))
DECIDING = ('"deciding": [\n  "throughput"', '"deciding": [\n  "memory"')
LIMITS = ("throughput < 0.95", "p99 10%")
SIDE = '{"stacks": {"main": 0}, "calls": {}}'
NOTHING_COUNTED = f'"profile": {{"workload": "kept", "a": {SIDE}, "b": {SIDE}, "sampler": "perf"}}'


def written(folder: Path, blocks: int) -> tuple[Run, str]:
    """Write a run of some blocks, and its proof; return them."""
    found = run(folder, noisy(1, 0.8), blocks)
    limits = [gates.parse(text) for text in LIMITS]
    shown = proof(found, QUESTION, limits=limits)
    judged = gating.judge(QUESTION.b, shown.findings, limits)
    return found, files.write(found, shown, judged, Gaps())


def test_of_the_same_trials_it_is_the_same(tmp_path: Path) -> None:
    found, text = written(tmp_path / "run", 8)
    paths = [found.folder / name for name in (files.MARKDOWN, files.JSON, files.PAGE)]
    before = [path.read_text() for path in paths]
    for path in paths[::2]:
        path.unlink()
    files.renew(found, gaps := Gaps())
    assert not gaps.lines()
    assert [path.read_text() for path in paths] == before
    assert json.loads(text)["limits"] == list(LIMITS)
    assert json.loads(text)["decision"] == "failed"


def test_of_more_trials_it_is_of_all_of_them(tmp_path: Path) -> None:
    _, few = written(tmp_path / "few", 6)
    many, _ = written(tmp_path / "many", 12)
    (many.folder / files.JSON).write_text(few)
    files.renew(many, Gaps())
    assert json.loads((many.folder / files.JSON).read_text())["blocks"] == 12


def test_a_run_without_a_proof_gets_none(tmp_path: Path) -> None:
    found = run(tmp_path / "run", noisy(1))
    files.renew(found, gaps := Gaps())
    assert not gaps.lines()
    assert not (found.folder / files.PAGE).exists()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda text: text[:-5], "cannot be read"),
        (lambda text: "[" * 100_000, "cannot be read"),
        (lambda text: text.replace(PLAIN.name, "somebody"), "is not of this run"),
        (lambda text: text.replace(LIMITS[0], "speed < 1"), "gate 'speed < 1'"),
        (lambda text: text.replace('"margin": 0.04', '"margin": "much"'), "cannot be read"),
        (lambda text: text.replace('"margin": 0.04', '"margin": -1.0'), "does not know"),
        (
            lambda text: text.replace(*DECIDING),
            "does not know",
        ),
        (lambda text: text.replace(LIMITS[0], "memory < 1"), "ab looks at"),
        (lambda text: text.replace('"profile": null', NOTHING_COUNTED), "less than nothing"),
    ],
)
def test_what_strangers_wrote_is_left_out_and_named(
    tmp_path: Path, change: Callable[[str], str], why: str
) -> None:
    found, text = written(tmp_path / "run", 6)
    path = found.folder / files.JSON
    path.write_text(change(text))
    files.renew(found, gaps := Gaps())
    (line,) = gaps.lines()
    assert why in line
    assert path.read_text() == change(text)
    assert not gaps.defects


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    found, text = written(tmp_path / "run", 6)
    path = found.folder / files.JSON
    path.unlink()
    (tmp_path / "elsewhere").write_text(text)
    path.symlink_to(tmp_path / "elsewhere")
    files.renew(found, gaps := Gaps())
    assert gaps.lines()
