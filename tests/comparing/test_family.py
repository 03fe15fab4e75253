"""How often equal servers are called changed in any cell or figure: 5 % asked, 7 % borne."""

import dataclasses
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.comparing import comparison
from bench.model.run import Run
from bench.model.trial import Cell, Trial
from bench.verdicts import checks
from tests.support import synthetic

BORNE = 0.07
COMPARISONS = 200
BLOCKS = 5
MODELS = synthetic.EIGHT[4:7]
WORKLOADS = (synthetic.ONE, synthetic.MANY)
CELLS = [Cell(model.name, workload) for workload in WORKLOADS for model in MODELS]
# The noise of a trial, cell by cell, as real runs have it: from a half to ten in a hundred.
NOISE = dict(zip(CELLS, (0.005, 0.01, 0.02, 0.03, 0.05, 0.10), strict=True))
HEADER = synthetic.header(MODELS, WORKLOADS, [list(range(len(CELLS)))] * BLOCKS)
SOUND = synthetic.result(generator_idle_fraction=0.5)

Moved = Callable[[random.Random, Cell], float]


@dataclasses.dataclass(frozen=True)
class World:
    """What moves figures of servers that are equal.

    runs: a side; between: what a run does to a cell, the standard deviation of a logarithm
    louder: how many times the noise is in B; slower: what one server of B has of its throughput
    """

    runs: int = 1
    between: float = 0.0
    louder: float = 1.0
    slower: float = 1.0


WORLDS = {
    "one run a side": World(),
    "one a side, B three times as noisy": World(louder=3),
    "two a side, and each run moves each cell": World(2, between=0.02),
    "three a side, and each run moves each cell": World(3, between=0.02),
}


def _trial(cell: Cell, block: int, noise: random.Random, moved: float, sigma: float) -> Trial:
    """Return a trial whose figures hang together, and have some noise of their own."""
    speed = moved * noise.lognormvariate(0, sigma)
    own = [noise.lognormvariate(0, sigma / 2) for _ in range(6)]
    middle_us = 1200 / speed
    times = dataclasses.replace(
        SOUND.response_us,
        p50=middle_us * own[0],
        p90=middle_us * own[1] * 1.2,
        p99=middle_us * own[2] ** 2 * 1.5,
        p999=middle_us * own[3] ** 4 * 2.6,
    )
    seen = dataclasses.replace(SOUND, throughput_rps=40_000 * speed, response_us=times)
    used = synthetic.usage(1.9 * own[4], pss_bytes=int(2e7 * own[5]))
    return synthetic.trial(seen, cell.workload, cell.server, block=block, server_usage=used)


def _run(noise: random.Random, between: float, louder: float, slower: float) -> Run:
    moved = {cell: noise.lognormvariate(0, between) for cell in CELLS}
    moved[CELLS[0]] *= slower
    trials = [
        _trial(cell, block, noise, moved[cell], louder * NOISE[cell])
        for block in range(BLOCKS)
        for cell in CELLS
    ]
    return Run(Path("nowhere"), HEADER, trials)


def _changed(world: World, seed: int) -> set[tuple[Cell, str]]:
    """Return every cell and figure that a comparison calls changed."""
    noise = random.Random(seed)
    before = [_run(noise, world.between, 1.0, 1.0) for _ in range(world.runs)]
    after = [_run(noise, world.between, world.louder, world.slower) for _ in range(world.runs)]
    rows = comparison.compare(before, after).rows
    assert len(rows) == len(CELLS)
    assert all(row.comparable for row in rows)
    return {(row.cell, name) for row in rows for name in row.changed}


@pytest.fixture(autouse=True)
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out how near each verdict is to a limit: it takes longest, and decides nothing here."""
    monkeypatch.setattr(checks, "DRAWS", 0)


@pytest.mark.parametrize("world", WORLDS)
def test_equal_servers_are_seldom_called_changed_over_all_cells_and_figures(world: str) -> None:
    found = [bool(_changed(WORLDS[world], seed)) for seed in range(COMPARISONS)]
    assert sum(found) <= BORNE * COMPARISONS


@pytest.mark.parametrize(
    ("world", "least"), [(World(slower=0.95), 0.8), (World(4, 0.01, 1, 0.9), 0.7)]
)
def test_a_server_that_is_slower_is_found_all_the_same(world: World, least: float) -> None:
    """One run a side, the machine still, 5 %; four a side that the machine moves by 1 %, 10 %."""
    found = [(CELLS[0], "throughput") in _changed(world, seed) for seed in range(40)]
    assert sum(found) / len(found) >= least
