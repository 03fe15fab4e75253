"""Runs of one machine, a day apart, whose truth is known."""

import dataclasses
import math
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.model.run import Run
from bench.model.trial import Trial
from bench.store import run_folder
from tests.support import synthetic

NAMES = ("asyncio-protocol", "asyncio-streams", "selectors-default", "uvloop-protocol")
MODELS = [model for model in synthetic.EIGHT if model.name in NAMES]
STEPPED = NAMES[0]


def levels(
    runs: int, between: float, seed: int, step_at: int | None = None, factor: float = 1.0
) -> list[dict[str, float]]:
    """Return what each server is worth in each run: its run's luck, and from a run on a factor."""
    source = random.Random(seed)
    return [
        {
            model.name: source.lognormvariate(0, between)
            * (factor if step_at is not None and at >= step_at and model.name == STEPPED else 1.0)
            for model in MODELS
        }
        for at in range(runs)
    ]


def write(
    folder: Path, worth: Sequence[dict[str, float]], blocks: int = 5, **changed: Any
) -> list[Run]:
    """Write a run for each, with 1 % of noise between trials; changed: fields of each header."""
    runs = []
    for at, of_run in enumerate(worth):
        path = folder / f"run-{at:02}"
        synthetic.run(path, MODELS, [synthetic.MANY], blocks, _trial(of_run, at))
        header = dataclasses.replace(
            run_folder.read(path).header,
            run_id=path.name,
            created_at=f"2026-02-{at + 1:02}T10:00:00Z",
            commit=f"{at:040x}"[::-1],
            **changed,
        )
        run_folder.write_header(path, header)
        runs.append(run_folder.read(path))
    return runs


def _trial(worth: dict[str, float], seed: int) -> Callable[[Trial], Trial]:
    noise = random.Random(seed)

    def change(trial: Trial) -> Trial:
        rate = 40_000 * worth[trial.cell.server] * math.exp(noise.gauss(0, 0.01))
        return synthetic.with_result(trial, throughput_rps=rate, generator_idle_fraction=0.5)

    return change
