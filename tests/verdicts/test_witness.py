"""Who limits, by what an independent client got of the same server."""

import dataclasses
import random
from collections.abc import Sequence
from typing import Any

import pytest

from bench.model.trial import Trial, Workload
from bench.verdicts import checks, witness
from bench.verdicts.verdict import Name, Setup
from loadgen.plan import Load
from loadgen.result import Wait, Witness
from tests.support import synthetic

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


def _name(trials: Sequence[Trial]) -> Name:
    return checks.judge(trials, SETUP).name


def test_a_client_that_got_surely_more_shows_that_the_server_can_do_more() -> None:
    verdict = checks.judge(_trials(0.65), SETUP)
    assert verdict.name is Name.GENERATOR_BOUND
    assert verdict.reason.startswith("An independent client in C got 61,")
    assert "and the generator 40,000: 0.6" in verdict.reason
    assert "requests/s at least" in verdict.remedy
    assert verdict.ranked


@pytest.mark.parametrize("share", [0.975, 1.0, 1.4])
def test_one_that_got_the_same_shows_that_the_server_limits(share: float) -> None:
    assert _name(_trials(share)) is Name.VALID


def test_a_difference_that_is_not_sure_decides_nothing() -> None:
    assert _name(_trials(0.90, noise=0.2)) is Name.VALID


def test_where_it_speaks_full_looks_and_idleness_are_silent() -> None:
    full: dict[str, Any] = {"wait": Wait.SPIN, "generator_full_polls": 0.9}
    trials = [
        dataclasses.replace(trial, server_usage=synthetic.usage(0.4))
        for trial in _trials(1.0, **full)
    ]
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


def test_one_block_is_not_enough() -> None:
    assert _name(_trials(0.5)[:1]) is Name.VALID


def test_without_one_there_is_no_ratio() -> None:
    assert witness.ratio([synthetic.trial()]) is None
    nothing = dataclasses.replace(synthetic.trial(), witness=Witness(0.0, 0, 0.1, 1))
    assert witness.ratio([nothing]) is None
