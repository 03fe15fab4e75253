"""Verdicts near a limit say so, and those that are not do not."""

import dataclasses
import random

import pytest

from bench.model.trial import Trial, Workload
from bench.verdicts import checks
from bench.verdicts.verdict import Name, Setup, Verdict
from loadgen.plan import Load
from tests.support import synthetic

TERMS = Setup(server_cpus=1)
OFFERED = Workload("offered", "tcp", Load(connections=50, rate=5000.0))


def _spread(deviation: float, seed: int, trials: int = 5) -> list[Trial]:
    source = random.Random(seed)
    rates = [40_000 * source.lognormvariate(0, deviation) for _ in range(trials)]
    return [synthetic.trial(synthetic.result(throughput_rps=rate)) for rate in rates]


def test_far_from_a_limit_nothing_is_near() -> None:
    for deviation in (0.02, 0.5):
        verdict = checks.judge(_spread(deviation, 1, trials=20), TERMS)
        assert verdict.near is None
        assert "near" not in verdict.reason


def test_near_a_limit_the_cell_says_so() -> None:
    verdict = checks.judge(_spread(0.1, 3), TERMS)
    assert {verdict.name, verdict.near} == {Name.VALID, Name.NOISY}
    assert f"near {verdict.near}" in verdict.sentence
    assert 0 < verdict.same < 0.95


def test_what_one_trial_has_shown_is_no_matter_of_limits() -> None:
    trials = [*_spread(0.02, 1), synthetic.trial(synthetic.result(mismatches=1))]
    assert checks.judge(trials, TERMS).near is None


def _same_again(first: Verdict, trials: list[Trial], source: random.Random) -> bool:
    return checks.judge(source.choices(trials, k=len(trials)), TERMS).name is first.name


@pytest.mark.parametrize("deviation", [0.03, 0.08, 0.1, 0.12, 0.3])
def test_a_verdict_that_does_not_say_that_it_is_near_is_the_same_in_draws(
    deviation: float,
) -> None:
    source = random.Random(7)
    for seed in range(6):
        trials = _spread(deviation, seed, trials=8)
        verdict = checks.judge(trials, TERMS)
        if verdict.near is None:
            assert sum(_same_again(verdict, trials, source) for _ in range(100)) >= 90


def test_a_verdict_is_the_same_every_time() -> None:
    trials = _spread(0.1, 3)
    assert checks.judge(trials, TERMS) == checks.judge(trials, TERMS)


def test_in_open_loop_the_tail_is_judged_and_not_the_rate() -> None:
    def trial(p99_us: float) -> Trial:
        times = dataclasses.replace(synthetic.percentiles(1200.0), p99=p99_us)
        seen = synthetic.result(throughput_rps=5000.0, offered_rps=5000.0, response_us=times)
        return synthetic.trial(seen, OFFERED)

    calm = [trial(1000 + 10 * at) for at in range(5)]
    wild = [trial(1000 * 2**at) for at in range(5)]
    assert checks.judge(calm, TERMS).name == "valid"
    verdict = checks.judge(wild, TERMS)
    assert verdict.name == "noisy"
    assert "standard deviation of p99" in verdict.reason
