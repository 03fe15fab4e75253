"""Run folders of strangers: what is wrong with them is one line, and nothing else is touched."""

import dataclasses
from pathlib import Path

import pytest

from bench.base.errors import StoreError
from bench.model.trial import Cell
from bench.store import run_folder
from tests.support import received, synthetic
from tests.support.hostile import KINDS

SEEDS = 12


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small run, sound in all its parts."""
    return received.sound(tmp_path_factory.mktemp("sound") / "run")


@pytest.mark.parametrize("kind", KINDS)
def test_a_spoiled_folder_does_no_harm(kind: str, base: Path, tmp_path: Path) -> None:
    found = [received.tried(base, tmp_path, kind, seed, drawn=False) for seed in range(SEEDS)]
    assert not [wrong for wrong in found if wrong]


def test_names_of_strangers_go_through_all_charts(base: Path, tmp_path: Path) -> None:
    found = [received.tried(base, tmp_path, "names", 1000 + seed, drawn=True) for seed in range(1)]
    assert not [wrong for wrong in found if wrong]


def test_trials_of_another_run_are_refused(tmp_path: Path) -> None:
    """What others have measured is not ranked under this machine's name."""
    other = synthetic.run(tmp_path / "other", synthetic.EIGHT[:2], blocks=1)
    mine = synthetic.run(tmp_path / "mine", synthetic.EIGHT[2:4], blocks=1)
    (mine.folder / "trials.jsonl").write_bytes((other.folder / "trials.jsonl").read_bytes())
    header = dataclasses.replace(
        mine.header,
        cells=tuple(
            Cell(model.name, workload)
            for model in synthetic.EIGHT[2:4]
            for workload in mine.header.config.workloads
        ),
    )
    run_folder.write_header(mine.folder, header)
    with pytest.raises(
        StoreError, match=r"has a trial of [a-z-]+ [a-z0-9-]+, which is not of this run"
    ):
        run_folder.read(mine.folder)
