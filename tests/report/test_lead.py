"""Who is first, by how much, and what it costs: sentences true of the data."""

import dataclasses
from pathlib import Path

from bench.model.run import Run
from bench.model.trial import Cell, Trial
from bench.report import files
from bench.report.sentences import answer
from bench.report.view import run_view
from tests.support import synthetic


def _answer(run: Run) -> str:
    view = run_view.view(run)
    return " ".join(answer.answer(view, view.workloads[0]))


def _places(run: Run) -> dict[str, str]:
    order = run_view.view(run).workloads[0].order
    return {place.server: place.rank for place in order.places}


def test_the_answer_names_the_first_its_lead_and_its_cost(tmp_path: Path) -> None:
    told = _answer(synthetic.run(tmp_path, workloads=[synthetic.MANY]))
    assert told.startswith("uvloop-protocol answers most: 7")
    assert "as many as selectors-default" in told
    assert "30.0 MiB" in told
    assert "Not ranked: blocking and process-pool (starved)." in told


def test_equal_servers_are_tied(tmp_path: Path) -> None:
    twins = [synthetic.Model(name, "asyncio", 30, 20) for name in ("one", "other")]
    run = synthetic.run(tmp_path, twins, [synthetic.MANY])
    told = _answer(run)
    assert "but is equivalent to" in told
    assert "within 3%" in told


def test_what_is_not_shown_is_told_with_what_would_show_it(tmp_path: Path) -> None:
    def shaken(trial: Trial) -> Trial:
        assert trial.result is not None
        factor = 1 + 0.1 * ((trial.block * 7 + len(trial.cell.server)) % 5 - 2) / 2
        return synthetic.with_result(trial, throughput_rps=trial.result.throughput_rps * factor)

    twins = [synthetic.Model(name, "asyncio", 30, 20) for name in ("one", "other", "thirds")]
    told = _answer(synthetic.run(tmp_path, twins, [synthetic.MANY], change=shaken))
    assert "none of the 3 is told apart from the best" in told
    assert "this run would have shown" in told
    assert "more blocks would show 5%" in told


def test_the_native_server_is_the_ceiling_and_has_no_place(tmp_path: Path) -> None:
    native = synthetic.Model("native-epoll", "native", 6.5, 2)
    run = synthetic.run(tmp_path, [*synthetic.EIGHT[3:], native], [synthetic.MANY])
    told = _answer(run)
    assert told.startswith("uvloop-protocol answers most")
    assert "more CPU per request than native-epoll, a plain server in C." in told
    assert "Not ranked" not in told
    assert "native-epoll" not in _places(run)
    assert "native-epoll" in files.render(run_view.view(run), "html")


def test_one_trial_tells_nobody_apart(tmp_path: Path) -> None:
    told = _answer(synthetic.run(tmp_path, workloads=[synthetic.MANY], blocks=1))
    assert "one trial tells nobody apart" in told
    assert "measure with more trials" in told
    assert "tied" not in told


def test_a_lower_bound_is_led_by_nobody(tmp_path: Path) -> None:
    def change(trial: Trial) -> Trial:
        if trial.cell.server != "selectors-default":
            return trial
        trial = synthetic.with_result(trial, generator_idle_fraction=0.0)
        return dataclasses.replace(trial, server_usage=synthetic.usage(0.8))

    run = synthetic.run(tmp_path, synthetic.EIGHT[3:], [synthetic.MANY], change=change)
    assert _places(run)["selectors-default"].startswith("1")
    assert "lower bounds, shown as ≥" in _answer(run)


def test_a_difference_within_the_twins_is_no_lead(tmp_path: Path) -> None:
    models = [
        synthetic.Model("fast", "asyncio", 30, 20),
        synthetic.Model("slow", "asyncio", 33, 20),
        synthetic.Model("twin", "asyncio", 40, 20),
    ]

    def change(trial: Trial) -> Trial:
        name = "fast~aa" if trial.cell.server == "twin" else trial.cell.server
        return dataclasses.replace(trial, cell=Cell(name, trial.cell.workload))

    run = synthetic.run(tmp_path, models, [synthetic.MANY], change=change)
    assert _places(run) == {"fast": "1 to 2", "slow": "1 to 2"}
    assert "the same server measured twice differed by up to 3" in _answer(run)
