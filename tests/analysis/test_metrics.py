"""Metrics by block: whose values count, and ratios over the blocks that two share."""

import dataclasses

import pytest

from bench.analysis import intervals, metrics
from bench.analysis.metrics import METRICS
from bench.base.estimate import Estimate
from bench.model.trial import Trial
from tests.support import synthetic
from tests.support.known import known


def _trials(server: str, speeds: list[float]) -> list[Trial]:
    return [
        synthetic.trial(
            synthetic.result(throughput_rps=speed, response_us=synthetic.percentiles(5e7 / speed)),
            server=server,
            block=block,
            server_usage=synthetic.usage(cpu_s=speed * synthetic.WINDOW_S * 3e-5),
        )
        for block, speed in enumerate(speeds)
    ]


def _ratio(first: list[Trial], second: list[Trial], name: str) -> Estimate | None:
    figure = METRICS[name]
    before, after = (
        metrics.values(metrics.by_block(each), figure.column) for each in (first, second)
    )
    return intervals.ratio(before, after)


@pytest.mark.parametrize(
    ("name", "value"), [("throughput", 2), ("p50", 0.5), ("p999", 0.5), ("cpu", 1)]
)
def test_ratios_by_hand(name: str, value: float) -> None:
    fast, slow = _trials("a", [40_000, 44_000, 36_000]), _trials("b", [20_000, 22_000, 18_000])
    found = _ratio(fast, slow, name)
    assert found is not None
    assert found.value == pytest.approx(value)
    assert found.low == pytest.approx(value)


def test_only_shared_blocks_count() -> None:
    fast, slow = _trials("a", [40_000, 44_000]), _trials("b", [20_000, 22_000, 90_000])[1:]
    found = _ratio(fast, slow, "throughput")
    assert found is not None
    assert found.value == pytest.approx(2)
    assert found.low is None
    assert _ratio(fast[:1], slow, "throughput") is None


def test_a_percentile_that_most_trials_refused_has_no_ratio() -> None:
    trials = _trials("a", [40_000, 40_000, 40_000])
    without = dataclasses.replace(known(trials[0].result).response_us, p999=None)
    trials[1:] = [synthetic.with_result(trial, response_us=without) for trial in trials[1:]]
    assert _ratio(trials, trials, "p999") is None
    assert _ratio(trials, trials, "p99") is not None
