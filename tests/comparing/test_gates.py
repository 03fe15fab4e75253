"""What gates come to: passed, failed, undecided."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from bench.base.errors import ConfigError
from bench.base.estimate import Estimate
from bench.comparing import comparison, gates
from bench.comparing.gates import Decision, Gate
from bench.model.run import Run
from bench.model.trial import Trial
from tests.comparing.common import OTHER, PLAIN, SLOWER, noisy, run
from tests.support import synthetic


def _judged(
    before: Run, after: Run, *texts: str, margins: tuple[str, ...] = (), **how: Any
) -> dict[tuple[str, str], Decision]:
    asked = [gates.parse_gate(text) for text in texts] + [gates.parse_margin(m) for m in margins]
    found = gates.judge(comparison.compare([before], [after]), asked, **how)
    return {(each.server, each.gate): each.decision for each in found}


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
    before, after = run(tmp_path / "a", noisy(1, 1.0)), run(tmp_path / "b", noisy(2, 0.85))
    found = _judged(before, after, SLOWER)
    assert found[PLAIN.name, SLOWER] is Decision.FAILED
    assert found[OTHER.name, SLOWER] is Decision.PASSED


def test_noise_is_no_pass(tmp_path: Path) -> None:
    before, after = (run(tmp_path / str(at), noisy(at, 1.0, 0.2)) for at in (1, 2))
    assert set(_judged(before, after, SLOWER).values()) == {Decision.UNDECIDED}


def test_no_worse_has_to_be_proven(tmp_path: Path) -> None:
    before, same = run(tmp_path / "a", noisy(1, 1.0)), run(tmp_path / "b", noisy(2, 1.0))
    loud = run(tmp_path / "c", noisy(3, 1.0, 0.1))
    worse = run(tmp_path / "d", noisy(4, 0.8))
    for after, decision in (
        (same, Decision.PASSED),
        (loud, Decision.UNDECIDED),
        (worse, Decision.FAILED),
    ):
        found = _judged(before, after, margins=("throughput 3%",))
        assert next(d for (cell, _), d in found.items() if cell == PLAIN.name) is decision


def test_a_bound_decides_nothing_against_a_server(tmp_path: Path) -> None:
    def bound(trial: Trial) -> Trial:
        slower = synthetic.with_result(noisy(2, 0.8)(trial), generator_idle_fraction=0.0)
        return dataclasses.replace(slower, server_usage=synthetic.usage(1.0))

    before, after = run(tmp_path / "a", noisy(1, 1.0)), run(tmp_path / "b", bound)
    found = gates.judge(comparison.compare([before], [after]), [gates.parse_gate(SLOWER)])
    plain, other = sorted(found, key=lambda each: each.server)
    assert plain.decision is Decision.UNDECIDED
    assert "the generator was the limit" in plain.why
    # What is no worse where it is bounded from below is no worse.
    assert other.decision is Decision.PASSED


def test_one_trial_decides_nothing(tmp_path: Path) -> None:
    before, after = (run(tmp_path / str(at), noisy(at, 1.0), blocks=1) for at in (1, 2))
    assert set(_judged(before, after, SLOWER).values()) == {Decision.UNDECIDED}


def test_what_would_have_been_shown_is_said_at_the_level_of_the_gate(tmp_path: Path) -> None:
    before, after = (run(tmp_path / str(at), noisy(at, 1.0, 0.2)) for at in (1, 2))
    found = comparison.compare([before], [after])
    wide, narrow = (
        next(each.why for each in gates.judge(found, [gate]) if each.server == PLAIN.name)
        for gate in (gates.parse_gate(SLOWER), gates.parse_margin("throughput 3%"))
    )
    sizes = [float(why.rpartition("a change of ")[2].partition("%")[0]) for why in (wide, narrow)]
    # Two means of eight trials of 20 %: at 95 % two-sided, then one-sided; not at that of 14 tests.
    assert sizes == [pytest.approx(34, abs=10), pytest.approx(29, abs=10)]
    assert sizes[0] > sizes[1]


def test_a_gate_may_be_of_light_requests() -> None:
    assert gates.parse("light_p99 > 1.1") == Gate("light_p99", False, 1.1)
    assert gates.parse("light_p99 3%").figure == "light_p99"
