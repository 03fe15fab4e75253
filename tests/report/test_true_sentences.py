"""Sentences under data of which their first version was wrong (the audit of the report of 0.1)."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.model.trial import Trial, Workload
from bench.report.sentences import answer, captions
from bench.report.view import run_view
from bench.report.view.run_view import RunView
from loadgen.plan import Load
from tests.support import synthetic

Change = Callable[[Trial], Trial | None]
RATES = tuple(
    Workload(f"offered-{rate:g}", "tcp", Load(connections=50, rate=rate))
    for rate in (2e4, 4e4, 6e4)
)
SIZES = tuple(
    Workload(f"kept-{size}B", "tcp", Load(connections=50, payload_bytes=size))
    for size in (64, 4096)
)


def _told(view: RunView, workload: int = 0) -> str:
    return " ".join(answer.answer(view, view.workloads[workload]))


def _view(
    folder: Path, names: list[str], workloads: tuple[Workload, ...], change: Change
) -> RunView:
    models = [synthetic.Model(name, "asyncio", 10 + 10 * at, 20) for at, name in enumerate(names)]
    return run_view.view(synthetic.run(folder, models, workloads, change=change))


def _answered(share: float, busy: float = 1.0) -> Change:
    """Return a change by which a share of the rate is answered, by a server that is busy or not."""

    def change(trial: Trial) -> Trial:
        rate = trial.cell.workload.load.rate or 0
        seen = synthetic.with_result(trial, throughput_rps=share * rate, achieved_rps=share * rate)
        return dataclasses.replace(seen, server_usage=synthetic.usage(2.0 * busy))

    return change


def test_half_the_rate_is_not_keeping_up_whoever_was_the_limit(tmp_path: Path) -> None:
    view = _view(tmp_path, ["one", "other"], RATES[:1], _answered(0.5, busy=0.2))
    assert view.workloads[0].cells[0].bound
    told = _told(view)
    assert "keep up with" not in told
    assert "Offered 20,000/s, the generator managed 10,000/s of one and other" in told
    assert "lower bounds" not in told
    subject = view.each()[0]
    assert captions.shows("load", subject) == (
        "There the generator did not keep up: one at 20,000 and other at 20,000."
    )


def test_a_server_that_answers_half_is_past_saturation(tmp_path: Path) -> None:
    view = _view(tmp_path, ["one"], RATES, _answered(0.5))
    (sweep,) = view.sweeps("rate")
    assert captions.shows("load", sweep).startswith("Past saturation, in requests/s offered: one")
    view = _view(tmp_path / "calm", ["one"], RATES, _answered(1.0, busy=0.5))
    (sweep,) = view.sweeps("rate")
    assert captions.shows("load", sweep) == "Every server answers the highest load offered."


def _scaled(shares: dict[str, float]) -> Change:
    """Return a change by which throughput at 4,096 B is a share of what it was."""

    def change(trial: Trial) -> Trial:
        assert trial.result is not None
        if trial.cell.workload.load.payload_bytes == 64:
            return trial
        rps = trial.result.throughput_rps * shares[trial.cell.server]
        return synthetic.with_result(trial, throughput_rps=rps)

    return change


def test_what_falls_does_not_grow(tmp_path: Path) -> None:
    view = _view(tmp_path, ["one", "other"], SIZES, _scaled({"one": 0.85, "other": 0.6}))
    (sweep,) = view.sweeps("payload_bytes")
    told = captions.shows("payload", sweep)
    assert "row" not in told
    assert "the largest factor is one 0.8" in told
    assert "the smallest other 0.6" in told


def test_factors_that_are_not_told_apart_have_no_largest(tmp_path: Path) -> None:
    view = _view(tmp_path, ["one", "other"], SIZES, _scaled({"one": 0.800, "other": 0.801}))
    (sweep,) = view.sweeps("payload_bytes")
    assert captions.shows("payload", sweep).endswith("no two of them surely different.")


def test_who_leaves_clients_without_an_answer_is_not_the_quickest(tmp_path: Path) -> None:
    workloads = tuple(Workload(f"kept-{many}", "tcp", Load(connections=many)) for many in (2, 50))
    view = run_view.view(synthetic.run(tmp_path, synthetic.EIGHT, workloads))
    (sweep,) = view.sweeps("connections")
    for chart in ("tail", "connections", "growth"):
        assert "blocking" not in captions.shows(chart, sweep)
    assert "blocking" not in captions.shows("latency", view.each()[1]).split("Not drawn")[0]


def _warming(trial: Trial) -> Trial:
    if trial.block:
        return trial
    assert trial.result is not None
    rising = tuple(2000 + 200 * step for step in range(20))
    series = dataclasses.replace(trial.result.series, replies=rising)
    return synthetic.with_result(trial, series=series)


def test_valid_with_a_remark_never_says_that_nothing_speaks_against_it(tmp_path: Path) -> None:
    view = _view(tmp_path, ["one", "other"], (synthetic.MANY,), _warming)
    cell = view.workloads[0].cells[0]
    assert cell.verdict.valid
    assert cell.verdict.notes
    told = captions.described(cell)
    assert told.startswith("With a remark, unsteady")
    assert "Nothing speaks against" not in told


def _without_p99(trial: Trial) -> Trial:
    assert trial.result is not None
    times = dataclasses.replace(trial.result.response_us, p99=None)
    return synthetic.with_result(trial, response_us=times)


def test_a_cell_without_its_figure_is_not_left_out_for_its_verdict(tmp_path: Path) -> None:
    workload = Workload("offered", "tcp", Load(connections=50, rate=5000.0))
    view = _view(tmp_path, ["one"], (workload,), _without_p99)
    assert "Not ranked: one (no p99: a trial needs 1,000 requests" in _told(view)


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_least_is_said_of_nobody_who_is_not_surely_least(tmp_path: Path, noise: float) -> None:
    def change(trial: Trial) -> Trial:
        assert trial.server_usage is not None
        factor = {"one": 1.0, "other": 0.9}[trial.cell.server]
        factor *= 1 + noise * ((trial.block * 5 + len(trial.cell.server)) % 3 - 1)
        used = dataclasses.replace(trial.server_usage, cpu_s=1.8 * factor)
        seen = synthetic.with_result(
            trial, throughput_rps=50_000.0 * (1 + len(trial.cell.server) % 2)
        )
        return dataclasses.replace(seen, server_usage=used)

    view = _view(tmp_path, ["one", "other"], (synthetic.MANY,), change)
    assert ("has the least CPU per request" in _told(view)) == (noise == 0)


def test_who_is_on_the_frontier_has_a_ranked_p99_and_is_beaten_in_neither(tmp_path: Path) -> None:
    figures = {"fast": (9e4, 900.0), "soon": (5e4, 300.0), "neither": (4e4, 400.0)}

    def change(trial: Trial) -> Trial:
        rps, p99_us = figures[trial.cell.server]
        times = dataclasses.replace(synthetic.percentiles(100.0), p99=p99_us)
        return synthetic.with_result(trial, throughput_rps=rps, response_us=times)

    subject = _view(tmp_path / "three", list(figures), (synthetic.MANY,), change).each()[0]
    assert captions.shows("frontier", subject) == (
        "From the most throughput to the lowest p99: fast and soon."
    )
    figures["fast"] = (9e4, 100.0)
    subject = _view(tmp_path / "one", list(figures), (synthetic.MANY,), change).each()[0]
    assert captions.shows("frontier", subject) == (
        "fast has both the most throughput and the lowest p99."
    )
