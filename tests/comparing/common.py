"""Runs of two servers, of which one may change."""

import dataclasses
import random
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.model.run import Run
from bench.model.trial import Trial
from tests.support import synthetic

PLAIN = synthetic.Model("asyncio-protocol", "asyncio", 30, 21)
OTHER = synthetic.Model("selectors-default", "selectors", 19, 12)
SLOWER = "throughput < 0.95"

Change = Callable[[Trial], Trial | None]


def noisy(seed: int, factor: float = 1.0, sigma: float = 0.01) -> Callable[[Trial], Trial]:
    """Return a change that makes one server faster by a factor, and all of them noisy."""
    source = random.Random(seed)

    def change(trial: Trial) -> Trial:
        speed = source.lognormvariate(0, sigma)
        speed *= factor if trial.cell.server == PLAIN.name else 1.0
        trial = synthetic.with_result(
            trial, throughput_rps=40_000 * speed, generator_idle_fraction=0.5
        )
        return dataclasses.replace(trial, server_usage=synthetic.usage(1.9))

    return change


def run(
    folder: Path,
    change: Change,
    blocks: int = 8,
    models: Sequence[synthetic.Model] = (PLAIN, OTHER),
) -> Run:
    """Write a run under one workload, and read it again."""
    return synthetic.run(folder, models, [synthetic.MANY], blocks, change)
