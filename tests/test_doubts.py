"""Verdicts of a trial's surroundings: drift, noise, spread."""

import dataclasses

import pytest

from bench import checks
from tests import synthetic

TERMS = checks.Terms(server_cpus=1, cpus=2)


def test_a_server_that_slows_is_unsteady() -> None:
    series = {"step_s": 0.1, "replies": [4000 - 60 * step for step in range(20)]}
    trial = synthetic.trial(synthetic.digest(series=series | {"p50_us": [], "p99_us": []}))
    verdict = checks.judge([trial] * 3, TERMS)
    assert verdict.name == "unsteady"
    assert verdict.sentence.startswith("Replies fell by 33% across the window: the server was slow")
    assert verdict.facts["class"] == "slowing"


def test_one_drifting_trial_is_a_note() -> None:
    series = {"step_s": 0.1, "replies": [4000 + 60 * step for step in range(20)], "p50_us": []}
    odd = synthetic.trial(synthetic.digest(series=series))
    verdict = checks.judge([odd, synthetic.trial(), synthetic.trial()], TERMS)
    assert verdict.name == "valid"
    assert [note.name for note in verdict.notes] == ["unsteady"]


# Of a window of two seconds on two CPUs, four seconds of CPU.
@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"others_cpu_s": 0.3, "stolen_s": 0.0}, "valid"),
        ({"others_cpu_s": 0.5, "stolen_s": 0.0}, "noisy"),
        ({"others_cpu_s": 0.0, "stolen_s": 0.1}, "valid"),
        ({"others_cpu_s": 0.0, "stolen_s": 0.2}, "noisy"),
        ({"others_cpu_s": None, "stolen_s": None}, "valid"),
    ],
)
def test_who_else_was_at_work(changed: dict[str, float | None], name: str) -> None:
    trial = dataclasses.replace(synthetic.trial(), **changed)  # type: ignore[arg-type]
    assert checks.judge([trial], TERMS).name == name


@pytest.mark.parametrize(
    ("close", "name"), [(3000.0, "valid"), (2800.0, "valid"), (2400.0, "noisy"), (3600.0, "noisy")]
)
def test_a_clock_that_changes(close: float, name: str) -> None:
    mhz = {"open": [3000.0, 3000.0], "close": [3000.0, close]}
    trial = dataclasses.replace(synthetic.trial(), frequencies_mhz=mhz)
    verdict = checks.judge([trial], TERMS)
    assert verdict.name == name
    if name == "noisy":
        assert verdict.facts["frequency_change"] == pytest.approx(close / 3000 - 1)
        assert verdict.reason.startswith("The clock of a CPU changed by")


@pytest.mark.parametrize(("factor", "name"), [(1.1, "valid"), (1.3, "noisy")])
def test_trials_that_differ(factor: float, name: str) -> None:
    rates = [40_000.0, 40_000.0 * factor, 40_000.0]
    trials = [synthetic.trial(synthetic.digest(throughput_rps=rate)) for rate in rates]
    verdict = checks.judge(trials, TERMS)
    assert verdict.name == name
    if name == "noisy":
        assert verdict.sentence.startswith("Its trials differ by 15% (standard deviation")
        assert verdict.facts["found_in"] == 3
