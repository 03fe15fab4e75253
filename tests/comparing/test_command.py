"""The command `bench compare`: its words, its output and its statuses."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.base.errors import ConfigError
from bench.cli.changes.compare import sides
from loadgen.exits import Exit
from tests.comparing.common import SLOWER, noisy, run
from tests.support.paths import ROOT


def test_how_sides_are_written() -> None:
    assert sides(["a", "b"]) == (["a"], ["b"])
    assert sides(["a1", "a2", "vs", "b1", "b2"]) == (["a1", "a2"], ["b1", "b2"])
    for words in (["a"], ["a", "b", "c"], ["vs", "a"], ["a", "vs"], ["a", "vs", "b", "vs", "c"]):
        with pytest.raises(ConfigError, match="A1 A2 vs B1 B2"):
            sides(words)


def _command(*words: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "bench", "compare", *words]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_command_and_its_statuses(tmp_path: Path) -> None:
    a, b, slow, loud = (str(tmp_path / name) for name in ("a", "b", "slow", "loud"))
    run(Path(a), noisy(1, 1.0))
    run(Path(b), noisy(2, 1.0))
    run(Path(slow), noisy(3, 0.8))
    run(Path(loud), noisy(4, 1.0, 0.2))
    assert _command(a, b, "--fail-if", SLOWER).returncode == Exit.MEASURED
    failed = _command(a, slow, "--fail-if", SLOWER)
    assert failed.returncode == Exit.GATE
    assert "failed: asyncio-protocol (kept-50): throughput is 0." in failed.stdout
    unsure = _command(a, loud, "--fail-if", SLOWER)
    assert unsure.returncode == Exit.UNDECIDED
    assert "would have been shown" in unsure.stdout
    bad = _command(a)
    assert (bad.returncode, bad.stderr.count("\n")) == (2, 1)


def test_json_has_ratios_ends_and_decisions_by_cell_and_figure(tmp_path: Path) -> None:
    a, b, slow = (str(tmp_path / name) for name in ("a", "b", "slow"))
    run(Path(a), noisy(1, 1.0))
    run(Path(b), noisy(2, 1.0))
    run(Path(slow), noisy(3, 0.8))
    several = _command(a, b, "vs", b, a, "--json", "--no-worse", "throughput 5%")
    assert several.returncode == Exit.MEASURED
    found = json.loads(several.stdout)
    assert (found["runs"], found["decision"]) == ([2, 2], "passed")
    assert {gate["decision"] for gate in found["gates"]} == {"passed"}
    assert found["cells"][0]["figures"]["throughput"]["ratio"] == pytest.approx(1)
    judged = json.loads(_command(a, slow, "--json", "--fail-if", SLOWER).stdout)
    slower, same = sorted(judged["cells"], key=lambda cell: str(cell["server"]))
    assert (slower["decision"], same["decision"]) == ("failed", "passed")
    rate = slower["figures"]["throughput"]
    assert rate["ratio_lo"] < rate["ratio"] < rate["ratio_hi"] < 0.95
    assert (rate["decision"], rate["changed"]) == ("failed", True)
    # No gate asked for it.
    assert slower["figures"]["p99"]["decision"] is None


def test_a_run_that_is_named_twice_is_refused(tmp_path: Path) -> None:
    twice = f"{tmp_path}/x/../a"
    with pytest.raises(ConfigError, match="is twice on one side; name each run once"):
        sides([f"{tmp_path}/a", twice, "vs", "b"])


def test_the_help_tells_the_statuses() -> None:
    text = " ".join(_command("--help").stdout.split())
    assert "3 a gate could not be judged" in text
