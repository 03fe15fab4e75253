"""What is decided of B beside A: every answer, and what stands in its way."""

import dataclasses
import random
from pathlib import Path

import pytest

from bench.analysis.metrics import METRICS
from bench.base.errors import ConfigError
from bench.base.estimate import Estimate
from bench.comparing import gates
from bench.comparing.gates import Decision as Gated
from bench.model.run import Run
from bench.model.trial import TWIN, Trial
from bench.proving import decision, gating
from bench.proving.decision import Decision, Finding, Question
from tests.comparing.common import OTHER, PLAIN, noisy, run
from tests.support import synthetic

FREE = (False, False)
MARGIN = 0.03
A, B = OTHER.name, PLAIN.name


@pytest.mark.parametrize(
    ("figure", "low", "high", "expected"),
    [
        ("throughput", 1.05, 1.2, Decision.FASTER),
        ("throughput", 0.8, 0.95, Decision.SLOWER),
        ("p99", 1.05, 1.2, Decision.SLOWER),
        ("p50", 0.8, 0.95, Decision.FASTER),
        ("cpu", 0.8, 0.95, Decision.CHEAPER),
        ("cpu", 1.05, 1.2, Decision.DEARER),
        ("throughput", 0.98, 1.02, Decision.TIED),
        ("throughput", 0.9, 1.02, Decision.NOT_SHOWN),
        # Surely different, and by less than matters: different all the same.
        ("cpu", 1.005, 1.02, Decision.DEARER),
    ],
)
def test_an_interval_has_one_answer(
    figure: str, low: float, high: float, expected: Decision
) -> None:
    ratio = Estimate((low * high) ** 0.5, low, high)
    assert decision.decide(ratio, METRICS[figure], FREE, MARGIN)[0] is expected


@pytest.mark.parametrize(
    ("figure", "low", "bounds", "expected"),
    [
        # B did at least this: more than A, surely; less, who knows.
        ("throughput", 1.05, (False, True), Decision.FASTER),
        ("throughput", 0.80, (False, True), Decision.NOT_COMPARABLE),
        ("throughput", 0.99, (False, True), Decision.NOT_COMPARABLE),
        ("throughput", 1.05, (True, False), Decision.NOT_COMPARABLE),
        ("throughput", 0.80, (True, False), Decision.SLOWER),
        ("throughput", 1.05, (True, True), Decision.NOT_COMPARABLE),
        ("p99", 0.80, (False, True), Decision.FASTER),
        ("p99", 0.80, (True, False), Decision.NOT_COMPARABLE),
        ("cpu", 1.05, (True, True), Decision.DEARER),
    ],
)
def test_a_bound_may_hide_the_opposite(
    figure: str, low: float, bounds: tuple[bool, bool], expected: Decision
) -> None:
    ratio = Estimate(low * 1.005, low, low * 1.01)
    found, why = decision.decide(ratio, METRICS[figure], bounds, MARGIN)
    assert found is expected
    assert ("a bound" in why) == (expected is Decision.NOT_COMPARABLE)


def test_what_the_instrument_alone_does_is_no_difference() -> None:
    ratio = Estimate(1.04, 1.02, 1.06)
    found, why = decision.decide(ratio, METRICS["throughput"], FREE, 0.01, reach=0.03)
    assert (found, why) == (Decision.NOT_SHOWN, "no further apart than a server and its twin")


def asked(run: Run, b: str = B) -> dict[str, Finding]:
    return {each.figure: each for each in decision.findings(run, Question(A, b))}


def test_each_figure_of_a_run_has_its_answer(tmp_path: Path) -> None:
    found = asked(run(tmp_path, noisy(3, 0.8), blocks=12))
    assert set(found) == set(decision.FIGURES)
    assert found["throughput"].decision is Decision.SLOWER
    ratio = found["throughput"]
    assert ratio.ratio_lo is not None
    assert ratio.ratio_hi is not None
    assert ratio.ratio_lo < 0.8 < ratio.ratio_hi
    assert ratio.blocks == 12
    assert (found["throughput"].unit, found["cpu"].unit) == ("/s", "µs")


def test_it_is_decided_when_what_ranks_and_what_is_asked_are(tmp_path: Path) -> None:
    measured = run(tmp_path, noisy(3, 0.8), blocks=12)
    assert decision.decided(measured, Question(A, B, deciding=()))
    few = Run(measured.folder, measured.header, [t for t in measured.trials if t.block < 2])
    assert not decision.decided(few, Question(A, B, deciding=()))


def test_a_server_without_figures_is_not_comparable_and_ends_it(tmp_path: Path) -> None:
    def broken(trial: Trial) -> Trial:
        if trial.cell.server != B:
            return trial
        return dataclasses.replace(synthetic.unready(B), block=trial.block)

    measured = run(tmp_path, broken)
    found = asked(measured)
    assert {each.decision for each in found.values()} == {Decision.NOT_COMPARABLE}
    assert {each.why for each in found.values()} == {"B is failed"}
    assert decision.decided(measured, Question(A, B))


def test_a_server_beside_its_twin_is_held_against_no_floor_of_theirs(tmp_path: Path) -> None:
    """The twin's own difference would be the floor that it has to pass."""
    models = (OTHER, dataclasses.replace(OTHER, name=A + TWIN))
    source = random.Random(3)

    def change(trial: Trial) -> Trial:
        speed = source.lognormvariate(0, 0.01) * (0.7 if trial.cell.server != A else 1)
        return synthetic.with_result(trial, throughput_rps=40_000 * speed)

    measured = run(tmp_path, change, 12, models)
    assert asked(measured, A + TWIN)["throughput"].decision is Decision.SLOWER


def finding(low: float, high: float, what: Decision = Decision.NOT_SHOWN) -> Finding:
    return Finding("kept", "throughput", what, "why", (low * high) ** 0.5, low, high)


@pytest.mark.parametrize(
    ("gate", "found", "expected"),
    [
        (gates.parse_gate("throughput < 0.95"), finding(0.8, 0.9), Gated.FAILED),
        (gates.parse_gate("throughput < 0.95"), finding(0.9, 1.0), Gated.UNDECIDED),
        (gates.parse_gate("throughput < 0.95"), finding(0.96, 1.1), Gated.PASSED),
        (gates.parse_margin("throughput 3%"), finding(0.98, 1.1), Gated.PASSED),
        (gates.parse_margin("throughput 3%"), finding(0.9, 1.1), Gated.UNDECIDED),
        (
            gates.parse_gate("throughput < 0.95"),
            finding(0.8, 0.9, Decision.NOT_COMPARABLE),
            Gated.UNDECIDED,
        ),
    ],
)
def test_a_gate_looks_at_the_interval(gate: gates.Gate, found: Finding, expected: Gated) -> None:
    (judged,) = gating.judge("b", [found], [gate])
    assert judged.decision is expected
    assert bool(judged.why) == (expected is not Gated.PASSED)


def test_a_gate_on_what_is_not_looked_at_is_refused() -> None:
    with pytest.raises(ConfigError, match="gate on memory: ab looks at throughput"):
        gating.check([gates.parse_gate("memory > 1.1")])
