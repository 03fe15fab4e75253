"""Partial orders with ties, floors and bounds."""

import dataclasses
import random
from collections.abc import Mapping
from pathlib import Path

from bench.analysis.metrics import METRICS
from bench.base.estimate import Estimate
from bench.pairs import ranking
from bench.pairs.noise_floor import Floor
from bench.pairs.pairwise import Answer, Entrant, Reason, State
from bench.report.view import run_view
from tests.support import synthetic


def _blocks(seed: int, speeds: Mapping[str, float], blocks: int, noise: float) -> list[Entrant]:
    """Return servers of known speed; a block moves all of them by 10 %, a trial by its noise."""
    source = random.Random(seed)
    found: dict[str, dict[int, float]] = {name: {} for name in speeds}
    for block in range(blocks):
        machine = source.lognormvariate(0, 0.10)
        for name, speed in speeds.items():
            found[name][block] = speed * machine * source.lognormvariate(0, noise)
    return [Entrant(name, values) for name, values in found.items()]


def _places(found: ranking.Ranking) -> dict[str, str]:
    return {place.server: place.rank for place in found.places}


def test_a_partial_order_with_ties() -> None:
    # b and c each overlap with their neighbours; a is ahead of both others.
    found = ranking.rank(_blocks(3, {"d": 500, "a": 1000, "c": 795, "b": 800}, 8, 0.01))
    places = {place.server: place for place in found.places}
    assert places["a"].rank == "1"
    assert places["b"].rank == places["c"].rank == "2 to 3"
    assert places["b"].tied == ("c",)
    assert places["d"].rank == "4"
    assert {pair.because for pair in found.pairs} == {None, Reason.INTERVAL}


def test_less_is_better_for_times() -> None:
    entrants = _blocks(1, {"slow": 900, "quick": 300}, 6, 0.02)
    assert _places(ranking.rank(entrants, METRICS["p99"])) == {"quick": "1", "slow": "2"}


def test_what_lies_within_the_floor_is_tied() -> None:
    entrants = _blocks(2, {"a": 1000, "b": 960}, 12, 0.005)
    wide = Floor(Estimate(1.03, 1.0, 1.06), 0.06, 12)
    assert _places(ranking.rank(entrants)) == {"a": "1", "b": "2"}
    found = ranking.rank(entrants, noise=wide)
    assert _places(found) == {"a": "1 to 2", "b": "1 to 2"}
    assert found.pairs[0].because == "floor"


def test_nobody_leads_a_lower_bound() -> None:
    fast, slow = _blocks(2, {"a": 1000, "b": 800}, 6, 0.01)
    assert ranking.rank([fast, dataclasses.replace(slow, bound=True)]).pairs[0].because == "bound"
    assert ranking.rank([dataclasses.replace(fast, bound=True), slow]).pairs[0].apart


def test_one_block_tells_nobody_apart() -> None:
    found = ranking.rank(_blocks(1, {"a": 1000, "b": 10, "c": 1}, 1, 0.0))
    assert set(_places(found).values()) == {"1 to 3"}
    assert {pair.because for pair in found.pairs} == {"one block"}
    assert found.places[0].rank == "1 to 3"


def test_nobody_to_rank() -> None:
    assert ranking.rank([]).places == ()
    assert ranking.rank([Entrant("a", {}), Entrant("b", {0: 0.0})]).places == ()


def test_a_run_is_ranked_without_what_cannot_be_believed(tmp_path: Path) -> None:
    run = synthetic.run(tmp_path)
    view = run_view.view(run)
    found = {item.label: item.order for item in view.workloads}
    listed = {place.server for place in found["kept-50"].places}
    assert not listed & {"blocking", "process-pool"}
    assert "blocking" in {place.server for place in found["kept-1"].places}
    assert found["churn-50"].places[0].best == 1


def test_two_bounds_are_neither_tied_nor_equivalent() -> None:
    alike = _blocks(4, {"a": 1000, "b": 1000}, 12, 0.001)
    (pair,) = ranking.rank(alike).pairs
    assert (pair.state, pair.answer) == (State.TIED, Answer.EQUIVALENT)
    for bound in ((True, True), (True, False), (False, True)):
        entrants = [
            dataclasses.replace(each, bound=is_bound)
            for each, is_bound in zip(alike, bound, strict=True)
        ]
        (pair,) = ranking.rank(entrants).pairs
        assert (pair.state, pair.answer) == (State.INCOMPARABLE, Answer.NOT_SHOWN), bound
