"""The run folder: what counts of it, what a kill leaves behind, what older versions wrote."""

import dataclasses
import json
from pathlib import Path

import pytest

from bench.model.trial import Trial
from bench.store import run_folder
from tests.support import older, synthetic
from tests.support.known import known

CELLS = ("a", "b", "c")


def trials(*places: tuple[int, int]) -> list[Trial]:
    """Return trials of these blocks and positions, told apart by when they started."""
    return [
        dataclasses.replace(
            synthetic.trial(server=CELLS[position], block=block),
            position=position,
            started_at=f"{number}",
        )
        for number, (block, position) in enumerate(places)
    ]


def counted(*places: tuple[int, int]) -> list[int]:
    return [int(trial.started_at) for trial in run_folder.counting(trials(*places))]


class TestCounting:
    def test_of_a_block_that_was_repeated_the_last_pass_counts(self) -> None:
        assert counted((0, 0), (0, 1), (0, 2), (0, 0), (0, 1), (0, 2)) == [3, 4, 5]

    def test_a_pass_that_was_cut_short_is_never_mixed_with_another(self) -> None:
        assert counted((0, 0), (0, 1), (0, 2), (0, 0)) == [0, 1, 2]
        assert counted((0, 0), (0, 1), (0, 0), (0, 1), (0, 2)) == [2, 3, 4]

    def test_what_there_is_of_the_last_block_counts(self) -> None:
        assert counted((0, 0), (0, 1), (0, 2), (1, 0)) == [0, 1, 2, 3]


def test_a_line_that_a_kill_cut_short_is_dropped_before_others_follow(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    synthetic.run(folder, synthetic.EIGHT[:1], [synthetic.ONE], 1)
    path = folder / "trials.jsonl"
    whole = path.read_text()
    path.write_text(whole + whole[:99])
    assert len(run_folder.read(folder).trials) == 1
    run_folder.mend(folder)
    run_folder.append(folder, synthetic.trial(block=1))
    assert [trial.block for trial in run_folder.read(folder).trials] == [0, 1]


def test_a_run_of_the_first_schema_is_read(tmp_path: Path) -> None:
    run = synthetic.run(tmp_path, synthetic.EIGHT[:1], [synthetic.ONE], 1)
    older.as_of(run, 1)
    (line,) = (run.folder / "trials.jsonl").read_text().splitlines()
    fields = json.loads(line)
    del fields["others"], fields["stolen"]
    fields |= {"others_cpu_s": 0.2, "stolen_s": 0.04}
    steps = round(run.header.config.warmup_s / synthetic.STEP_S)
    cut_short = {"replies": [9] * steps + [1], "p50_us": [1.0] * (steps + 1)}
    fields["load"]["warmup_series"] = cut_short | {"step_s": synthetic.STEP_S}
    (run.folder / "trials.jsonl").write_text(json.dumps(fields) + "\n")
    (trial,) = run_folder.read(run.folder).trials
    available_s = 2 * synthetic.WINDOW_S
    assert trial.others == {"both": 0.2 / available_s}
    assert trial.stolen == {"both": 0.04 / available_s}
    assert known(trial.result).warmup_series.replies == (9,) * steps


@pytest.mark.parametrize("schema", [2, 3])
def test_a_run_of_an_earlier_schema_is_read(tmp_path: Path, schema: int) -> None:
    run = synthetic.run(tmp_path, synthetic.EIGHT[:2], [synthetic.OFFERED], 2)
    old = older.as_of(run, schema)
    assert [trial.result for trial in old.trials] == [trial.result for trial in run.trials]
    assert old.header.cells == run.header.cells
