"""What gates come to: passed, failed, undecided, and the status of the command."""

import dataclasses
import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.base.errors import ConfigError
from bench.base.estimate import Estimate
from bench.cli.compare import sides
from bench.comparing import comparison, gates
from bench.comparing.gates import Decision
from bench.model.run import Run
from bench.model.trial import Trial
from tests.support import synthetic
from tests.support.paths import ROOT

PLAIN = synthetic.Model("asyncio-protocol", "asyncio", 30, 21)
OTHER = synthetic.Model("selectors-default", "selectors", 19, 12)
SLOWER = "throughput < 0.95"


def _noisy(seed: int, factor: float, sigma: float = 0.01) -> Callable[[Trial], Trial]:
    source = random.Random(seed)

    def change(trial: Trial) -> Trial:
        speed = source.lognormvariate(0, sigma)
        speed *= factor if trial.cell.server == PLAIN.name else 1.0
        seen = {"throughput_rps": 40_000 * speed, "generator_idle_fraction": 0.5}
        trial = synthetic.with_result(trial, **seen)
        return dataclasses.replace(trial, server_usage=synthetic.usage(1.9))

    return change


def _run(folder: Path, change: Callable[[Trial], Trial], blocks: int = 8, **how: Any) -> Run:
    models = how.pop("models", [PLAIN, OTHER])
    return synthetic.run(folder, models, [synthetic.MANY], blocks, change)


def _judged(
    before: Run, after: Run, *texts: str, margins: tuple[str, ...] = (), **how: Any
) -> dict[tuple[str, str], Decision]:
    asked = [gates.parse_gate(text) for text in texts] + [gates.parse_margin(m) for m in margins]
    found = gates.judge(comparison.compare([before], [after]), asked, **how)
    return {(each.cell.split()[0], each.gate): each.decision for each in found}


@pytest.mark.parametrize(
    ("ratio", "decision"),
    [
        (Estimate(0.9, 0.86, 0.94), Decision.FAILED),
        (Estimate(0.9, 0.80, 0.96), Decision.UNDECIDED),
        (Estimate(1.0, 0.96, 1.04), Decision.PASSED),
        (Estimate(0.5), Decision.UNDECIDED),
    ],
)
def test_a_gate_needs_the_whole_interval(ratio: Estimate, decision: Decision) -> None:
    assert gates.parse_gate(SLOWER).decides(ratio) is decision


@pytest.mark.parametrize(
    "text", ["", "throughput", "speed < 1", "p99 > -1", "p99 = 1", "p99 > 0", "p99 > 1.1.1"]
)
def test_refuses_what_is_no_gate(text: str) -> None:
    with pytest.raises(ConfigError, match="such as 'throughput") as refused:
        gates.parse_gate(text)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["", "throughput", "speed 3%", "p99 0%", "p99 100%", "p99 3"])
def test_refuses_what_is_no_margin(text: str) -> None:
    with pytest.raises(ConfigError, match="such as 'throughput 3%'"):
        gates.parse_margin(text)


def test_a_slower_server_fails_and_the_other_passes(tmp_path: Path) -> None:
    before, after = _run(tmp_path / "a", _noisy(1, 1.0)), _run(tmp_path / "b", _noisy(2, 0.85))
    found = _judged(before, after, SLOWER)
    assert found[PLAIN.name, SLOWER] is Decision.FAILED
    assert found[OTHER.name, SLOWER] is Decision.PASSED


def test_noise_is_no_pass(tmp_path: Path) -> None:
    before, after = (_run(tmp_path / str(at), _noisy(at, 1.0, 0.2)) for at in (1, 2))
    assert set(_judged(before, after, SLOWER).values()) == {Decision.UNDECIDED}


def test_no_worse_has_to_be_proven(tmp_path: Path) -> None:
    before, same = _run(tmp_path / "a", _noisy(1, 1.0)), _run(tmp_path / "b", _noisy(2, 1.0))
    noisy = _run(tmp_path / "c", _noisy(3, 1.0, 0.1))
    worse = _run(tmp_path / "d", _noisy(4, 0.8))
    for after, decision in (
        (same, Decision.PASSED),
        (noisy, Decision.UNDECIDED),
        (worse, Decision.FAILED),
    ):
        found = _judged(before, after, margins=("throughput 3%",))
        assert next(d for (cell, _), d in found.items() if cell == PLAIN.name) is decision


def test_a_cell_that_is_gone_or_has_no_figures_fails_unless_that_is_allowed(
    tmp_path: Path,
) -> None:
    before = _run(tmp_path / "a", _noisy(1, 1.0))
    gone = _run(tmp_path / "b", _noisy(2, 1.0), models=[OTHER])
    assert _judged(before, gone, SLOWER)[PLAIN.name, ""] is Decision.FAILED
    assert PLAIN.name not in {cell for cell, _ in _judged(before, gone, SLOWER, allow_missing=True)}

    def starved(trial: Trial) -> Trial:
        return synthetic.with_result(_noisy(3, 1.0)(trial), connections_without_reply=9)

    one, other = (_run(tmp_path / name, starved) for name in ("c", "d"))
    assert set(_judged(one, other, SLOWER).values()) == {Decision.FAILED}
    assert _judged(one, other, SLOWER, allow_missing=True) == {}


def test_a_bound_decides_nothing_against_a_server(tmp_path: Path) -> None:
    def bound(trial: Trial) -> Trial:
        slower = synthetic.with_result(_noisy(2, 0.8)(trial), generator_idle_fraction=0.0)
        return dataclasses.replace(slower, server_usage=synthetic.usage(1.0))

    before, after = _run(tmp_path / "a", _noisy(1, 1.0)), _run(tmp_path / "b", bound)
    found = gates.judge(comparison.compare([before], [after]), [gates.parse_gate(SLOWER)])
    plain, other = sorted(found, key=lambda each: each.cell)
    assert plain.decision is Decision.UNDECIDED
    assert "the generator was the limit" in plain.why
    # What is no worse where it is bounded from below is no worse.
    assert other.decision is Decision.PASSED


def test_one_trial_decides_nothing(tmp_path: Path) -> None:
    before, after = (_run(tmp_path / str(at), _noisy(at, 1.0), blocks=1) for at in (1, 2))
    assert set(_judged(before, after, SLOWER).values()) == {Decision.UNDECIDED}


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
    a, b, slow, noisy = (str(tmp_path / name) for name in ("a", "b", "slow", "noisy"))
    _run(Path(a), _noisy(1, 1.0))
    _run(Path(b), _noisy(2, 1.0))
    _run(Path(slow), _noisy(3, 0.8))
    _run(Path(noisy), _noisy(4, 1.0, 0.2))
    assert _command(a, b, "--fail-if", SLOWER).returncode == 0
    failed = _command(a, slow, "--fail-if", SLOWER)
    assert failed.returncode == 1
    assert "failed: asyncio-protocol (kept-50): throughput is 0." in failed.stdout
    unsure = _command(a, noisy, "--fail-if", SLOWER)
    assert unsure.returncode == 3
    assert "would have been shown" in unsure.stdout
    several = _command(a, b, "vs", b, a, "--json", "--no-worse", "throughput 5%")
    assert several.returncode == 0
    found = json.loads(several.stdout)
    assert found["runs"] == [2, 2]
    assert {gate["decision"] for gate in found["gates"]} == {"passed"}
    assert found["cells"][0]["figures"]["throughput"]["ratio"] == pytest.approx(1)
    bad = _command(a)
    assert (bad.returncode, bad.stderr.count("\n")) == (2, 1)
