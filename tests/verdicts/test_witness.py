"""Who limits, by what an independent client got of the same server."""

import dataclasses
import random
from collections.abc import Sequence
from typing import Any

import pytest

from bench.base import limits
from bench.model.trial import Trial, Workload
from bench.verdicts import checks, witness
from bench.verdicts.verdict import Name, Setup
from loadgen.plan import Load
from loadgen.result import Wait, Witness
from tests.support import synthetic
from tests.support.known import known

SETUP = Setup(server_cpus=1)
CHURN = Workload("churn", "tcp", Load(connections=50, requests_per_connection=1))
OFFERED = Workload("offered", "tcp", Load(connections=50, rate=40_000.0))


def _trials(
    share: float, noise: float = 0.01, workload: Workload = synthetic.MANY, **result: Any
) -> list[Trial]:
    """Return trials in which the generator got such a share of what the witness got."""
    source = random.Random(3)
    seen = synthetic.result(throughput_rps=40_000.0, **result)
    return [
        dataclasses.replace(
            synthetic.trial(seen, workload),
            block=block,
            witness=Witness(40_000 / share * source.lognormvariate(0, noise), 0, 0.1, 1),
        )
        for block in range(5)
    ]


def _waiting(trial: Trial) -> Trial:
    """Return a trial whose server had CPU to spare."""
    return dataclasses.replace(trial, server_usage=synthetic.usage(0.4))


def _name(trials: Sequence[Trial]) -> Name:
    return checks.judge(trials, SETUP).name


def test_a_client_that_got_surely_more_shows_that_the_server_can_do_more() -> None:
    verdict = checks.judge(_trials(0.65), SETUP)
    assert verdict.name is Name.GENERATOR_BOUND
    assert verdict.reason.startswith("An independent client in C got 61,")
    assert "the generator 40,000/s (0.64 to 0.66 of it)" in verdict.reason
    assert "compare CPU per request" in verdict.remedy
    assert 0.64 < verdict.facts["witness_lo"] < 0.65 < verdict.facts["witness_hi"] < 0.66
    assert verdict.ranked


@pytest.mark.parametrize("share", [0.975, 1.0, 1.4])
def test_one_that_got_the_same_shows_that_the_server_limits(share: float) -> None:
    assert _name(_trials(share)) is Name.VALID


def test_a_difference_that_is_not_sure_decides_nothing() -> None:
    assert _name(_trials(0.90, noise=0.2)) is Name.VALID


def test_where_it_speaks_full_looks_and_idleness_are_silent() -> None:
    full: dict[str, Any] = {"wait": Wait.SPIN, "generator_full_polls": 0.9}
    trials = [_waiting(trial) for trial in _trials(1.0, **full)]
    assert _name(trials) is Name.VALID
    without = [dataclasses.replace(trial, witness=None) for trial in trials]
    assert _name(without) is Name.GENERATOR_BOUND


@pytest.mark.parametrize("workload", [CHURN, OFFERED])
def test_in_churn_and_in_open_loop_it_is_a_fact_and_no_verdict(workload: Workload) -> None:
    trials = _trials(0.5, workload=workload, offered_rps=workload.load.rate)
    assert _name(trials) is Name.VALID
    found = witness.ratio(trials)
    assert found is not None
    assert found.value == pytest.approx(0.5, rel=0.02)


def test_of_one_block_the_indication_stays_and_says_that_it_is_one() -> None:
    assert _name(_trials(0.5)[:1]) is Name.VALID
    full = _trials(1.0, wait=Wait.SPIN, generator_full_polls=0.9)[:1]
    verdict = checks.judge([_waiting(trial) for trial in full], SETUP)
    assert verdict.name is Name.GENERATOR_BOUND
    assert "an indication" in verdict.reason


@pytest.mark.parametrize("blocks", [2, 3, 5])
def test_what_an_interval_shows_is_not_drawn_anew(blocks: int) -> None:
    verdict = checks.judge(_trials(0.65)[:blocks], SETUP)
    assert (verdict.name, verdict.near) == (Name.GENERATOR_BOUND, None)


def test_a_block_that_was_measured_twice_is_one() -> None:
    (once,) = _trials(0.5)[:1]
    assert witness.shown([once, once], SETUP) is None


def test_where_one_cpu_serves_both_sides_a_cheaper_client_shows_nothing() -> None:
    shared = dataclasses.replace(SETUP, shared=True)
    assert checks.judge(_trials(0.5), shared).name is Name.VALID


def test_with_one_request_in_flight_the_sides_take_turns_and_neither_limits() -> None:
    trials = _trials(0.9, workload=synthetic.ONE)
    assert witness.shown(trials, SETUP) is None
    assert known(witness.ratio(trials)).value == pytest.approx(0.9, rel=0.02)


def test_a_witness_that_got_other_bytes_shows_nothing() -> None:
    trials = [
        dataclasses.replace(trial, witness=dataclasses.replace(trial.witness, wrong=1))
        for trial in _trials(0.5)
        if trial.witness
    ]
    assert witness.shown(trials, SETUP) is None
    assert witness.ratio(trials) is None


def test_who_is_not_shown_to_limit_has_its_whole_interval_looked_at() -> None:
    # 0.90 to 0.99: below in the middle, and not as a whole.
    trials = _trials(0.945, noise=0.03)
    found = known(witness.ratio(trials))
    assert known(found.low) < limits.WITNESS_BELOW < known(found.high)
    assert known(witness.shown(trials, SETUP)).finding is None


def test_without_one_there_is_no_ratio() -> None:
    assert witness.ratio([synthetic.trial()]) is None
    nothing = dataclasses.replace(synthetic.trial(), witness=Witness(0.0, 0, 0.1, 1))
    assert witness.ratio([nothing]) is None
