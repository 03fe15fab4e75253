"""A server that did not change takes the machine's drift out of all others."""

import dataclasses
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.base.errors import ConfigError
from bench.comparing import comparison, gates
from bench.comparing.comparison import Comparison
from bench.comparing.gates import Decision
from bench.model.run import Run
from bench.model.trial import Trial
from tests.support import synthetic
from tests.support.known import known

PLAIN = synthetic.Model("asyncio-protocol", "asyncio", 30, 21)


OTHER = synthetic.Model("selectors-default", "selectors", 19, 12)


def _run(
    folder: Path,
    change: Callable[[Trial], Trial | None] = lambda trial: trial,
    blocks: int = 8,
    **header: Any,
) -> Run:
    run = synthetic.run(folder, [PLAIN, OTHER], [synthetic.MANY], blocks, change)
    return dataclasses.replace(run, header=dataclasses.replace(run.header, **header))


def failed(found: Comparison, gate: str) -> bool:
    judged = gates.judge(found, [gates.parse_gate(gate)])
    return any(each.decision is Decision.FAILED for each in judged)


class TestControl:
    """The machine was slower by a third for run B, for everybody."""

    def moved(self, folder: Path, seed: int, machine: float, plain: float) -> Run:
        source = random.Random(seed)

        def change(trial: Trial) -> Trial:
            speed = machine * source.lognormvariate(0, 0.01)
            speed *= plain if trial.cell.server == PLAIN.name else 1.0
            trial = synthetic.with_result(
                trial, throughput_rps=40_000 * speed, generator_idle_fraction=0.5
            )
            return dataclasses.replace(trial, server_usage=synthetic.usage(1.9))

        return _run(folder, change)

    def test_what_the_control_moved_by_is_taken_out(self, tmp_path: Path) -> None:
        run_a = self.moved(tmp_path / "a", 1, 1.0, 1.0)
        run_b = self.moved(tmp_path / "b", 2, 0.67, 0.9)
        (row,) = comparison.compare([run_a], [run_b], control=OTHER.name).rows
        assert row.cell.server == PLAIN.name
        found = row.ratios["throughput"]
        assert found.low is not None
        assert found.high is not None
        assert found.low < 0.9 < found.high
        assert found.high - found.low < 0.06
        beside = comparison.compare([run_a], [run_b], control=OTHER.name)
        assert failed(beside, "throughput < 0.95")

    def test_an_unchanged_server_passes_on_a_slower_machine(self, tmp_path: Path) -> None:
        run_a = self.moved(tmp_path / "a", 1, 1.0, 1.0)
        run_b = self.moved(tmp_path / "b", 2, 0.67, 1.0)
        limit = "throughput < 0.95"
        assert failed(comparison.compare([run_a], [run_b]), limit)
        assert not failed(comparison.compare([run_a], [run_b], control=OTHER.name), limit)

    def test_it_must_be_there(self, tmp_path: Path) -> None:
        run = self.moved(tmp_path / "a", 1, 1.0, 1.0)
        with pytest.raises(ConfigError, match=r"--control native: .* do not both have figures"):
            comparison.compare([run], [run], control="native")

    def test_its_figures_must_stand(self, tmp_path: Path) -> None:
        starved = [PLAIN, synthetic.EIGHT[0]]
        run = synthetic.run(tmp_path / "a", starved, [synthetic.MANY], 3)
        with pytest.raises(ConfigError, match=r"--control blocking: .* under kept-50"):
            comparison.compare([run], [run], control="blocking")

    def test_all_cells_that_move_alike_speak_of_the_machine(self, tmp_path: Path) -> None:
        models = [PLAIN, OTHER, *synthetic.EXTRA[:2]]
        before = synthetic.run(tmp_path / "a", models, [synthetic.MANY], 8)

        def slower(trial: Trial) -> Trial:
            rate = known(trial.result).throughput_rps
            return synthetic.with_result(trial, throughput_rps=rate * 0.8)

        after = synthetic.run(tmp_path / "b", models, [synthetic.MANY], 8, slower)
        assert comparison.compare([before], [after]).drift == pytest.approx(0.8, rel=0.03)
        assert comparison.compare([before], [after], control=OTHER.name).drift is None
        assert comparison.compare([before], [before]).drift is None
