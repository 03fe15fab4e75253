"""Who limits is known beforehand: a server that is busy by a clock, a generator that is slowed."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.base import limits
from bench.model.cpus import Cpus
from bench.model.server import ServerSpec
from bench.model.trial import Cell, Status, Trial, Workload
from bench.running.trials import Conditions, measure
from bench.verdicts import checks, witness
from bench.verdicts.verdict import Name, Setup
from loadgen import process
from loadgen import witness as client
from loadgen.plan import Load
from servers.discovery import read
from tests.support import machine, native
from tests.support.known import known
from tests.support.paths import TESTS

pytestmark = pytest.mark.skipif(machine.shared(), reason="needs a CPU for each side")

BLOCKS = 4
# Others may hold up one of the two clients: the majority decides, as in test_verdicts.py.
ATTEMPTS, NEEDED = 3, 2
SETUP = Setup(server_cpus=1)
# The generator's interpreter then does some work beside each call, and a receive is a call.
SLOWED = "import sys\nsys.setprofile(lambda frame, event, what: sum(range(600)))\n"


@pytest.fixture(autouse=True)
def built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PROGRAM", native.build("witness"))


def measured(spec: ServerSpec, load: Load) -> list[Trial]:
    cell = Cell(spec.name, Workload("kept", "tcp", load))
    server_cpu, generator_cpu = machine.split()
    conditions = Conditions(Cpus((server_cpu,), (generator_cpu,)), 4, 0.4, 0.1, 0.2, seed=1)
    return [calm(measure(spec, cell, conditions, (block, 0), None)) for block in range(BLOCKS)]


def calm(trial: Trial) -> Trial:
    """Return a trial without what others did to it: they may be at work here."""
    seen = trial.result and dataclasses.replace(trial.result, generator=None, watched=None)
    plain = dataclasses.replace(trial, result=seen, others=None, stolen=None, throttled=None)
    return dataclasses.replace(plain, frequencies_mhz=None)


def slowed(folder: Path) -> Callable[[], dict[str, str]]:
    """Return the environment of a generator whose interpreter is slowed down by a hook."""
    (folder / "sitecustomize.py").write_text(SLOWED)
    plain = process.environment()
    slow = plain | {"PYTHONPATH": f"{folder}:{plain['PYTHONPATH']}"}
    return lambda: slow


@pytest.mark.parametrize("connections", [3, 50])
def test_a_server_that_is_busy_by_a_clock_is_shown_to_limit(connections: int) -> None:
    busy = read(TESTS / "truth" / "busy_100us.py")
    right = 0
    for _ in range(ATTEMPTS):
        trials = measured(ServerSpec(busy.name, busy.family, busy), Load(connections))
        assert {(trial.status, trial.no_witness) for trial in trials} == {(Status.MEASURED, "")}
        right += known(witness.shown(trials, SETUP)).finding is None
        if right == NEEDED:
            break
    assert right == NEEDED
    assert checks.judge(trials, SETUP).name is not Name.GENERATOR_BOUND


def test_a_generator_that_is_slowed_is_shown_to_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "environment", slowed(tmp_path))
    trials = measured(machine.variant("selectors-default"), Load(50))
    found = known(known(witness.shown(trials, SETUP)).finding)
    assert "an independent client in C got" in found.reason
    assert found.facts["witness_ratio"] < 0.8


@pytest.fixture
def unbuilt(built: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(client, "PROGRAM", tmp_path / "none")


@pytest.mark.usefixtures("unbuilt")
def test_without_a_compiler_the_busy_server_is_shown_to_limit() -> None:
    busy = read(TESTS / "truth" / "busy_100us.py")
    right = 0
    for _ in range(ATTEMPTS):
        trials = measured(ServerSpec(busy.name, busy.family, busy), Load(50))
        assert all("is not built" in trial.no_witness for trial in trials)
        shown = witness.shown(trials, SETUP)
        right += shown is not None and shown.finding is None
        if right == NEEDED:
            break
    assert right == NEEDED


@pytest.mark.usefixtures("unbuilt")
@pytest.mark.slow
def test_without_a_compiler_a_generator_that_is_slowed_is_shown_to_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "environment", slowed(tmp_path))
    trials: list[Trial] = []
    for _ in range(ATTEMPTS):
        trials += measured(machine.variant("selectors-default"), Load(50))
        found = known(witness.slope(trials))
        if known(found.low) > limits.SLOPE:
            break
    assert found.value > limits.SLOPE
    assert known(found.high) > 1 - limits.SLOPE


def test_churn_at_a_rate_is_measured_without_a_witness_and_says_why() -> None:
    load = Load(10, requests_per_connection=1, rate=500.0)
    (trial, *_) = measured(machine.variant("selectors-default"), load)
    assert trial.witness is None
    assert "renews no connections at a rate" in trial.no_witness


def test_a_trial_without_a_compiler_is_a_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PROGRAM", Path("/nowhere/at/all"))
    for trial in measured(machine.variant("selectors-default"), Load(3)):
        assert (trial.status, trial.witness) == (Status.MEASURED, None)
        assert "not built" in trial.no_witness
        assert known(trial.perturbation).throughput_rps > 0


def test_under_one_request_in_flight_nothing_is_slowed_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "PROGRAM", Path("/nowhere/at/all"))
    (trial, *_) = measured(machine.variant("selectors-default"), Load(1))
    assert (trial.status, trial.perturbation) == (Status.MEASURED, None)
