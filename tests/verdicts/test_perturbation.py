"""Who limits where there is no witness: what slowing the generator down has changed."""

import dataclasses
import random

import pytest

from bench.model.trial import Trial
from bench.verdicts import checks, witness
from bench.verdicts.verdict import Name, Setup
from loadgen.result import Perturbation, Wait, Witness
from tests.support import synthetic
from tests.support.known import known

SETUP = Setup(server_cpus=1)
EXTRA_US = 5.0


def _trials(slope: float, noise: float = 0.005) -> list[Trial]:
    """Return trials of 25 µs a request, of whose growth such a share follows the generator."""
    source = random.Random(3)
    slowed_us = 25 + slope * EXTRA_US
    full = synthetic.result(wait=Wait.SPIN, generator_full_polls=0.9)
    return [
        dataclasses.replace(
            synthetic.trial(full, synthetic.MANY),
            block=block,
            server_usage=synthetic.usage(0.4),
            perturbation=Perturbation(
                1e6 / 25 * source.lognormvariate(0, noise), 1e6 / slowed_us, EXTRA_US, 1
            ),
        )
        for block in range(5)
    ]


@pytest.mark.parametrize("slope", [1.0, 0.8])
def test_requests_that_follow_the_generator_are_bound_by_it_by_so_much(slope: float) -> None:
    verdict = checks.judge(_trials(slope), SETUP)
    assert verdict.name is Name.GENERATOR_BOUND
    assert verdict.facts["slope_lo"] < slope < verdict.facts["slope_hi"]
    assert f"made a request {verdict.facts['slope']:.2f} µs longer" in verdict.reason


@pytest.mark.parametrize("slope", [0.0, 0.3])
def test_requests_that_hardly_follow_are_the_servers_however_full_the_looks(slope: float) -> None:
    assert checks.judge(_trials(slope), SETUP).name is Name.VALID


@pytest.mark.parametrize("slope", [0.0, 1.0])
def test_what_is_not_sure_leaves_the_indication(slope: float) -> None:
    trials = _trials(slope, noise=0.3)
    assert witness.shown(trials, SETUP) is None
    assert "an indication" in checks.judge(trials, SETUP).reason


def test_a_witness_is_believed_before_it() -> None:
    trials = [
        dataclasses.replace(t, witness=Witness(known(t.result).throughput_rps, 0, 0.1, 1))
        for t in _trials(1.0)
    ]
    assert checks.judge(trials, SETUP).name is Name.VALID


def test_a_slice_without_a_reply_says_nothing() -> None:
    assert Perturbation(100.0, 0.0, EXTRA_US, 1).slope is None
    (trial, *_) = _trials(1.0)
    assert known(witness.slope([trial])).low is None
    assert witness.shown([trial], SETUP) is None


def test_wrong_replies_that_only_the_witness_saw_are_a_broken_echo() -> None:
    trials = [dataclasses.replace(t, witness=Witness(1.0, 3, 0.1, 1)) for t in _trials(0.0)]
    verdict = checks.judge(trials, SETUP)
    assert verdict.name is Name.BROKEN_ECHO
    assert "an independent client got 3 replies wrong" in verdict.reason.lower()
