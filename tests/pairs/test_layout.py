"""Levels of servers over blocks, complete and not, and the error of a difference."""

import math
import random
import statistics

import pytest

from bench.pairs import layout


def _values(
    seed: int, speeds: dict[str, float], blocks: int, noise: float
) -> dict[str, dict[int, float]]:
    source = random.Random(seed)
    found: dict[str, dict[int, float]] = {name: {} for name in speeds}
    for block in range(blocks):
        machine = source.lognormvariate(0, 0.3)
        for name, speed in speeds.items():
            found[name][block] = speed * machine * source.lognormvariate(0, noise)
    return found


FOUR = {"a": 1000.0, "b": 900.0, "c": 800.0, "d": 700.0}


def test_with_all_blocks_a_difference_is_the_mean_of_the_paired_ones() -> None:
    values = _values(1, FOUR, 8, 0.05)
    found = layout.fit(values)
    paired = [math.log(values["a"][block] / values["c"][block]) for block in range(8)]
    contrast = found.contrast("a", "c")
    assert contrast.log == pytest.approx(statistics.fmean(paired))
    assert contrast.blocks == 8
    assert found.centre("b") == pytest.approx(statistics.geometric_mean(values["b"].values()))


def test_two_servers_have_their_own_paired_error() -> None:
    values = _values(2, {"a": 1000, "b": 900}, 5, 0.05)
    logs = [math.log(values["a"][block] / values["b"][block]) for block in range(5)]
    contrast = layout.fit(values).contrast("a", "b")
    assert contrast.error == pytest.approx(statistics.stdev(logs) / math.sqrt(5))
    assert contrast.freedom == 4


def test_a_server_that_lacks_the_slow_blocks_is_not_taken_for_faster() -> None:
    # Without noise: blocks of which the last two are slow, and a server that missed those.
    machine = [1.0, 1.1, 0.9, 0.4, 0.3]
    values = {
        name: {block: speed * at for block, at in enumerate(machine)}
        for name, speed in {"a": 1000, "b": 1010, "c": 900}.items()
    }
    values["a"] = {block: values["a"][block] for block in range(3)}
    found = layout.fit(values)
    assert found.centre("b") > found.centre("a") > found.centre("c")
    assert math.exp(found.contrast("b", "a").log) == pytest.approx(1.01)


def test_a_loud_server_is_loud_alone() -> None:
    values = _values(3, FOUR | {f"s{at}": 500.0 for at in range(4)}, 10, 0.01)
    source = random.Random(4)
    values["loud"] = {block: 1000 * source.lognormvariate(0, 0.2) for block in range(10)}
    found = layout.fit(values)
    quiet, loud = found.contrast("a", "b"), found.contrast("a", "loud")
    assert quiet.error is not None
    assert loud.error is not None
    assert loud.error > 8 * quiet.error


def test_equal_values_differ_by_nothing_and_surely() -> None:
    values = {name: dict.fromkeys(range(5), speed) for name, speed in FOUR.items()}
    contrast = layout.fit(values).contrast("a", "b")
    assert contrast.log == pytest.approx(math.log(1000 / 900))
    assert contrast.error == pytest.approx(0, abs=1e-9)


def test_servers_without_a_block_in_common_have_no_error() -> None:
    contrast = layout.fit({"a": {0: 1.0, 1: 1.1}, "b": {2: 2.0, 3: 2.1}}).contrast("a", "b")
    assert contrast.error is None
    assert contrast.blocks == 0


def test_one_value_each() -> None:
    contrast = layout.fit({"a": {0: 2.0}, "b": {0: 1.0}}).contrast("a", "b")
    assert contrast.error is None
    assert math.exp(contrast.log) == pytest.approx(2)
