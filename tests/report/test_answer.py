"""Servers that deserve a profile: named where their cost is sure, and nowhere else."""

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.model.run import Run
from bench.model.trial import Trial, Workload
from bench.report.sentences import answer
from bench.report.view import run_view
from loadgen.plan import Load
from tests.support import synthetic

CHEAP, DEAR = synthetic.Model("cheap", "asyncio", 4, 20), synthetic.Model("dear", "asyncio", 28, 20)
# An offered rate at which both have time to spare.
CALM = Workload("offered", "tcp", Load(connections=50, rate=5000.0))


def _answer(run: Run) -> str:
    view = run_view.view(run)
    return " ".join(answer.answer(view, view.workloads[0]))


def test_a_server_that_costs_several_times_the_best_deserves_a_profile(tmp_path: Path) -> None:
    told = _answer(synthetic.run(tmp_path, [CHEAP, DEAR], [synthetic.MANY]))
    (sentence,) = [each for each in told.split(". ") if "profiler" in each]
    assert re.match(
        r"dear takes 2\d\.\d µs of CPU per request, [67]\.\d times what cheap", sentence
    )
    told = _answer(synthetic.run(tmp_path / "open", [CHEAP, DEAR], [CALM]))
    assert "times what cheap takes: look at it with a profiler." in told


def test_several_of_them_share_a_sentence(tmp_path: Path) -> None:
    dearer = synthetic.Model("dearer", "asyncio", 40, 20)
    told = _answer(synthetic.run(tmp_path, [CHEAP, DEAR, dearer], [synthetic.MANY]))
    assert re.search(
        r"dearer \(\d+\.\d µs\) and dear \(\d+\.\d µs\) take 5 times and more of the CPU per "
        r"request that cheap takes \(\d\.\d+ µs\): look at them with a profiler\.",
        told,
    )


def _dear(change: Callable[[Trial], Trial]) -> Callable[[Trial], Trial]:
    """Return a change of one server's trials alone."""
    return lambda trial: change(trial) if trial.cell.server == "dear" else trial


def test_a_server_that_the_generator_could_not_keep_busy_is_cheap_enough(tmp_path: Path) -> None:
    run = synthetic.run(
        tmp_path,
        [CHEAP, DEAR],
        [synthetic.MANY],
        change=lambda trial: _idle(trial) if trial.cell.server == "cheap" else trial,
    )
    assert run_view.view(run).workloads[0].ranked[0].bound
    assert "times what cheap takes" in _answer(run)


def _idle(trial: Trial) -> Trial:
    assert trial.server_usage is not None
    used = dataclasses.replace(trial.server_usage, cpu_s=1.6)
    trial = synthetic.with_result(trial, generator_idle_fraction=0.0)
    return dataclasses.replace(trial, server_usage=used)


def _wide(trial: Trial) -> Trial:
    used = synthetic.usage(*((0.05,) if trial.block % 2 else (40.0,)))
    return dataclasses.replace(trial, server_usage=used)


def _bound(trial: Trial) -> Trial:
    usage = trial.server_usage
    assert usage is not None
    trial = synthetic.with_result(trial, generator_idle_fraction=0.0, throughput_rps=20_000.0)
    return dataclasses.replace(trial, server_usage=dataclasses.replace(usage, cpu_s=1.2))


def _starved(trial: Trial) -> Trial:
    return synthetic.with_result(trial, connections_without_reply=3)


@pytest.mark.parametrize(
    ("how", "verdict"),
    [
        pytest.param({"change": _dear(_wide)}, "valid", id="intervals overlap"),
        pytest.param({"change": _dear(_bound)}, "generator-bound", id="not kept busy"),
        pytest.param({"change": _dear(_starved)}, "starved", id="starved"),
        pytest.param({"workloads": [synthetic.CHURN]}, "valid", id="churn"),
        pytest.param({"blocks": 1}, "valid", id="one trial has no interval"),
        pytest.param(
            {"models": [CHEAP, dataclasses.replace(DEAR, cost_us=18.0)]}, "valid", id="not so dear"
        ),
    ],
)
def test_no_profile_is_asked_for_where_the_cost_is_in_doubt(
    tmp_path: Path, how: dict[str, Any], verdict: str
) -> None:
    asked: dict[str, Any] = {"models": [CHEAP, DEAR], "workloads": [synthetic.MANY]}
    run = synthetic.run(tmp_path, **(asked | how))
    cells = run_view.view(run).workloads[0].cells
    (dear,) = [cell for cell in cells if cell.server == "dear"]
    assert dear.verdict.name == verdict
    assert "profiler" not in _answer(run)
