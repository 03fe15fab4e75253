"""Ratios, floors and rankings of simulated servers whose truth is known."""

import dataclasses
import itertools
import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from bench.analysis import intervals, metrics, noise_floor, ranking, shrinkage
from bench.analysis.metrics import METRICS
from bench.analysis.noise_floor import Floor
from bench.analysis.pairwise import Entrant, Reason
from bench.base.estimate import Estimate
from bench.model.run import Run
from bench.model.trial import TWIN, Cell, Trial
from bench.report.view import run_view
from tests.support import synthetic
from tests.support.known import known

SERVER = "asyncio-protocol"


def _blocks(seed: int, speeds: Mapping[str, float], blocks: int, noise: float) -> list[Entrant]:
    """Return servers of known speed; a block moves all of them by 10 %, a trial by its noise."""
    source = random.Random(seed)
    found: dict[str, dict[int, float]] = {name: {} for name in speeds}
    for block in range(blocks):
        machine = source.lognormvariate(0, 0.10)
        for name, speed in speeds.items():
            found[name][block] = speed * machine * source.lognormvariate(0, noise)
    return [Entrant(name, values) for name, values in found.items()]


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


def _run(folder: Path, trials: list[Trial]) -> Run:
    run = synthetic.run(folder, synthetic.EIGHT, [synthetic.MANY], 0)
    return dataclasses.replace(run, trials=trials)


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


def test_twenty_comparisons_of_a_server_with_itself() -> None:
    for blocks, noise in ((5, 0.02), (12, 0.05)):
        called = 0
        for seed in range(20):
            tested = ranking.rank(_blocks(seed, {"a": 1000, "b": 1000}, blocks, noise))
            called += tested.pairs[0].apart
        assert called <= 3


def test_five_percent_at_two_percent_of_noise_is_found() -> None:
    found = 0
    for seed in range(10):
        *servers, twin = _blocks(seed, {"plain": 1000, "busy": 950, "plain~aa": 1000}, 12, 0.02)
        logs = [twin.values[block] / servers[0].values[block] for block in twin.values]
        noise = Floor(*_pooled(logs), len(logs))
        found += ranking.rank(servers, noise=noise).tiers == (("plain",), ("busy",))
    assert found >= 8


def _pooled(values: list[float]) -> tuple[Estimate, float]:
    estimate = intervals.geometric(values)
    assert estimate is not None
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate, max(metrics.distance(estimate.low), metrics.distance(estimate.high))


def test_eight_equal_servers_are_one_tier() -> None:
    wrong = 0
    for seed in range(20):
        found = ranking.rank(_blocks(seed, {f"s{n}": 1000 for n in range(8)}, 5, 0.03))
        wrong += len(found.tiers) > 1
    # 5 % over all 28 pairs together.
    assert wrong <= 3


def test_few_blocks_of_many_servers_tell_of_each_others_noise() -> None:
    speeds = {f"s{n}": 1000 * 0.9**n for n in range(8)}
    own = together = 0
    for seed in range(10):
        servers = _blocks(seed, speeds, 3, 0.03)
        together += sum(pair.apart for pair in ranking.rank(servers).pairs)
        own += sum(ranking.rank(both).pairs[0].apart for both in itertools.combinations(servers, 2))
    # Of 280 pairs, all different: two at a time even without a correction for their number.
    assert together > 265 > own


def test_a_server_with_noise_of_its_own_is_not_called_different() -> None:
    wrong = 0
    for seed in range(40):
        source = random.Random(1000 + seed)
        servers = _blocks(seed, {f"s{n}": 1000 for n in range(7)}, 5, 0.03)
        wild = Entrant("wild", {b: 1000 * source.lognormvariate(0, 0.15) for b in range(5)})
        wrong += len(ranking.rank([*servers, wild]).tiers) > 1
    assert wrong <= 6


def test_degrees_of_freedom_are_those_that_servers_and_blocks_leave() -> None:
    assert shrinkage.residual_degrees_of_freedom([range(5)] * 4) == 3 * 4
    assert (
        shrinkage.residual_degrees_of_freedom([range(5), range(5), range(3, 5)]) == 12 - 3 - 5 + 1
    )
    assert shrinkage.residual_degrees_of_freedom([]) <= 1


def test_what_pairs_have_in_common_is_their_variance() -> None:
    source = random.Random(2)
    alike = [[source.gauss(0, 0.05) for _ in range(5)] for _ in range(400)]
    found = shrinkage.fit_prior(alike, 1600)
    assert found is not None
    assert found.variance == pytest.approx(0.05**2, rel=0.15)
    assert found.freedom > 50
    wild = [[source.gauss(0, source.choice((0.01, 0.3))) for _ in range(5)] for _ in range(400)]
    apart = shrinkage.fit_prior(wild, 1600)
    assert apart is not None
    assert apart.freedom < 3
    assert shrinkage.fit_prior(alike[:2], 8) is None


def test_two_servers_have_only_their_own_variance() -> None:
    (pair,) = ranking.rank(_blocks(4, {"a": 1000, "b": 900}, 5, 0.03)).pairs
    first, second = (e.values for e in _blocks(4, {"a": 1000, "b": 900}, 5, 0.03))
    assert pair.ratio == intervals.ratio(first, second)


def test_a_partial_order_with_ties() -> None:
    # b and c each overlap with their neighbours; a is ahead of both others.
    found = ranking.rank(_blocks(3, {"d": 500, "a": 1000, "c": 795, "b": 800}, 8, 0.01))
    assert found.tiers == (("a",), ("b", "c"), ("d",)) or found.tiers == (
        ("a",),
        ("c", "b"),
        ("d",),
    )
    places = {place.server: place for place in found.places}
    assert places["a"].rank == "1"
    assert places["b"].rank == places["c"].rank == "2 to 3"
    assert places["b"].tied == ("c",)
    assert places["d"].rank == "4"
    assert {pair.because for pair in found.pairs} == {None, Reason.INTERVAL}


def test_less_is_better_for_times() -> None:
    entrants = _blocks(1, {"slow": 900, "quick": 300}, 6, 0.02)
    assert ranking.rank(entrants, METRICS["p99"]).tiers == (("quick",), ("slow",))


def test_what_lies_within_the_floor_is_tied() -> None:
    entrants = _blocks(2, {"a": 1000, "b": 960}, 12, 0.005)
    wide = Floor(Estimate(1.03, 1.0, 1.06), 0.06, 12)
    assert ranking.rank(entrants).tiers == (("a",), ("b",))
    found = ranking.rank(entrants, noise=wide)
    assert found.tiers == (("a", "b"),)
    assert found.pairs[0].because == "floor"


def test_nobody_leads_a_lower_bound() -> None:
    fast, slow = _blocks(2, {"a": 1000, "b": 800}, 6, 0.01)
    assert ranking.rank([fast, dataclasses.replace(slow, bound=True)]).pairs[0].because == "bound"
    assert ranking.rank([dataclasses.replace(fast, bound=True), slow]).pairs[0].apart


def test_one_block_tells_nobody_apart() -> None:
    found = ranking.rank(_blocks(1, {"a": 1000, "b": 10, "c": 1}, 1, 0.0))
    assert found.tiers == (("a", "b", "c"),)
    assert {pair.because for pair in found.pairs} == {"one block"}
    assert found.places[0].rank == "1 to 3"


def test_nobody_to_rank() -> None:
    assert ranking.rank([]).tiers == ()
    assert ranking.rank([Entrant("a", {}), Entrant("b", {0: 0.0})]).tiers == ()


def test_the_floor_is_pooled_over_workloads() -> None:
    own, twins = _trials(SERVER, [1000, 1000]), _trials(SERVER + TWIN, [1010, 990])
    others = [
        dataclasses.replace(trial, cell=Cell(trial.cell.server, synthetic.ONE))
        for trial in (*own, *twins)
    ]
    found = noise_floor.of(metrics.by_cell([*own, *twins, *others]))
    assert found is not None
    assert found.blocks == 4
    assert found.ratio.high is not None
    # Logs of ±1 %, four of them: t(3) = 3.182 times 1.155 % over 2.
    assert found.extent == pytest.approx(0.0185, abs=0.0005)


def test_a_run_without_twins_has_no_floor() -> None:
    assert noise_floor.of(metrics.by_cell(_trials(SERVER, [1000, 1000]))) is None


def test_a_run_is_ranked_without_what_cannot_be_believed(tmp_path: Path) -> None:
    run = synthetic.run(tmp_path)
    view = run_view.view(run)
    found = {item.label: item.order for item in view.workloads}
    listed = {place.server for place in found["kept-50"].places}
    assert not listed & {"blocking", "process-pool"}
    assert "blocking" in {place.server for place in found["kept-1"].places}
    assert found["churn-50"].places[0].best == 1
