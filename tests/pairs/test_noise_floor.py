"""How far a server and its twin are apart: what is beyond chance, workload by workload."""

import numpy as np
import pytest

from bench.analysis.metrics import THROUGHPUT, ByBlock
from bench.model.trial import TWIN, Cell, Workload
from bench.pairs import noise_floor
from bench.pairs.noise_floor import Floor
from loadgen.plan import Load

SERVER = "asyncio-protocol"
RUNS = 150


def _workloads(many: int) -> list[Workload]:
    return [Workload(f"w{at}", "tcp", Load(connections=at + 1)) for at in range(many)]


def _floors(
    source: np.random.Generator, biases: list[float], blocks: int = 5, noise: float = 0.03
) -> list[Floor]:
    """Return the floors of workloads in which a twin comes out so much above its server."""
    cells: dict[Cell, ByBlock] = {}
    for workload, bias in zip(_workloads(len(biases)), biases, strict=True):
        machine = source.normal(0, 0.1, blocks)
        for name, factor in ((SERVER, 1.0), (SERVER + TWIN, 1 + bias), ("b", 0.9), ("c", 0.8)):
            logs = machine + source.normal(0, noise, blocks)
            rates = (1000 * factor * np.exp(logs)).tolist()
            by_block = {at: {THROUGHPUT.column: rate} for at, rate in enumerate(rates)}
            cells[Cell(name, workload)] = by_block
    found = noise_floor.of(cells)
    assert list(found) == _workloads(len(biases))
    return list(found.values())


def test_a_sound_instrument_has_no_floor() -> None:
    source = np.random.default_rng(1)
    extents = [floor.extent for _ in range(RUNS) for floor in _floors(source, [0.0] * 5)]
    # One workload in eight may be suspected by chance, and then of little.
    assert np.mean(np.array(extents) > 0) < 0.13
    assert np.quantile(extents, 0.95) < 0.025


def test_a_bias_in_one_workload_is_seen_there_and_not_held_against_the_others() -> None:
    source = np.random.default_rng(2)
    biases = [0.15, 0.0, 0.0, 0.0, 0.0]
    found = np.array([[floor.extent for floor in _floors(source, biases)] for _ in range(RUNS)])
    assert np.mean(found[:, 0] > 0.08) > 0.9
    assert np.median(found[:, 1:]) < 0.02


def test_a_small_bias_everywhere_is_found_by_all_workloads_together() -> None:
    source = np.random.default_rng(3)
    found = [np.mean([floor.extent for floor in _floors(source, [0.08] * 6)]) for _ in range(50)]
    assert np.mean(np.array(found) > 0.03) > 0.9


def test_the_ratio_is_that_of_the_twin_to_its_server() -> None:
    (floor,) = _floors(np.random.default_rng(4), [0.10], blocks=40, noise=0.01)
    assert floor.ratio.value == pytest.approx(1.10, rel=0.01)
    assert floor.extent == pytest.approx(0.10, abs=0.01)
    assert floor.blocks == 40


def test_one_block_shows_no_floor_and_no_twin_none_at_all() -> None:
    (floor,) = _floors(np.random.default_rng(5), [0.5], blocks=1)
    assert floor.extent == 0
    assert floor.ratio.low is None
    assert noise_floor.of({Cell(SERVER, _workloads(1)[0]): {0: {THROUGHPUT.column: 1.0}}}) == {}
