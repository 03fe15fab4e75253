"""What is said of a machine, and what is not known of it."""

from pathlib import Path

import pytest

from bench.host import machine


@pytest.mark.parametrize(
    ("folder", "governor"), [("", "none"), ("cpufreq", "none"), ("cpufreq/policy0", "unknown")]
)
def test_where_nobody_can_choose_the_governor_is_known(
    folder: str, governor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(machine, "GOVERNOR", str(tmp_path / "scaling_governor"))
    monkeypatch.setattr(machine, "FREQUENCIES", tmp_path / "cpufreq")
    assert machine.describe()["governor"] == governor
