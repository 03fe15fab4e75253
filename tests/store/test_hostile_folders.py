"""Run folders of strangers: what is wrong with them is one line, and nothing else is touched."""

from pathlib import Path

import pytest

from tests.support import received
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
