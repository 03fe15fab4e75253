"""Verdicts of a trial's surroundings: drift, noise, spread."""

import dataclasses

import pytest

from bench import checks
from bench.machine import Cpus
from bench.observer import Moment, Observer
from bench.resources import Snapshot, parse_cpu_times
from tests import synthetic

TERMS = checks.Terms(server_cpus=1)


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


QUIET = {"server": 0.0, "generator": 0.0}


@pytest.mark.parametrize(
    ("others", "stolen", "reason"),
    [
        (QUIET | {"server": 0.09}, QUIET, ""),
        (QUIET | {"server": 0.12}, QUIET, "Others used 12% of the CPU time of the server's side"),
        (QUIET | {"generator": 0.12}, QUIET, "Others used 12% of the CPU time of the generator's"),
        ({"both": 0.12}, {"both": 0.0}, "Others used 12% of the CPU time of both sides"),
        (QUIET, QUIET | {"server": 0.02}, ""),
        (QUIET, QUIET | {"server": 0.05}, "The hypervisor took 5% of the CPU time of the server's"),
        (None, None, ""),
    ],
)
def test_who_else_was_at_work(
    others: dict[str, float] | None, stolen: dict[str, float] | None, reason: str
) -> None:
    trial = dataclasses.replace(synthetic.trial(), others=others, stolen=stolen)
    verdict = checks.judge([trial], TERMS)
    assert verdict.name == ("noisy" if reason else "valid")
    if reason:
        assert verdict.reason.startswith(reason)
        assert verdict.facts["others"] == others


def test_stolen_time_read_from_the_kernels_counters() -> None:
    # Of a virtual machine whose host was busy: 1.00 s apart, CPU 0 lost 0.30 s of it.
    opened = "cpu0 4705 0 356 584000 40 0 23 120 0 0\ncpu1 1393 0 333 587000 10 0 8 90 0 0"
    closed = "cpu0 4765 0 366 584000 40 0 23 150 0 0\ncpu1 1433 0 363 587003 10 0 8 90 0 0"
    cpus = Cpus(server=(0,), generator=(1,))
    moments = {
        name: Moment(
            Snapshot(at_s, used_s, {}, frozenset()),
            {"server": used_s, "generator": used_s, "both": 2 * used_s},
            {side: parse_cpu_times(stat, of, at_s) for side, of in cpus.sides.items()},
            [],
        )
        for name, stat, at_s, used_s in (("open", opened, 50.0, 9.0), ("close", closed, 51.0, 9.68))
    }
    seen = Observer(1, cpus, moments)
    assert seen.stolen() == pytest.approx({"server": 0.29, "generator": 0.0})
    assert seen.others() == pytest.approx({"server": 0.01, "generator": 0.28})
    trial = dataclasses.replace(synthetic.trial(), others=seen.others(), stolen=seen.stolen())
    verdict = checks.judge([trial], TERMS)
    assert verdict.name == "noisy"
    assert "the hypervisor took 29% of the CPU time of the server's side" in verdict.reason
    assert "thers used 28% of the CPU time of the generator's side" in verdict.reason


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
