"""The ends that `make torture` lets a run meet many times, once each."""

from pathlib import Path

import pytest

from tests.support import ends


@pytest.mark.slow
@pytest.mark.parametrize("kind", ends.ENDS)
def test_a_run_meets_its_end(kind: str, tmp_path: Path) -> None:
    assert ends.tried(kind, tmp_path / "room", seed=5) == ""
