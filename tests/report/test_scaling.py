"""What the law of scaling says of a sweep, and that it is drawn where it fits alone."""

import dataclasses
from pathlib import Path

from bench.model.trial import Trial, Workload
from bench.report import charts
from bench.report.scaling import laws
from bench.report.sentences import captions
from bench.report.view import run_view
from bench.report.view.run_view import RunView
from loadgen.plan import Load
from tests.support import synthetic

PLACES = (1, 2, 4, 8, 16, 32, 64)
SWEEP = tuple(Workload(f"kept-{n}", "tcp", Load(connections=n)) for n in PLACES)


def _view(folder: Path, contention: float, coherency: float, *, wall: bool = False) -> RunView:
    def change(trial: Trial) -> Trial:
        n = trial.cell.workload.load.connections
        rps = 2000 * n / (1 + contention * (n - 1) + coherency * n * (n - 1))
        rps = 2000 * min(n, 6) if wall else rps
        noise = 1 + 0.002 * ((trial.block * 7 + n) % 5 - 2)
        seen = synthetic.with_result(trial, throughput_rps=rps * noise)
        return dataclasses.replace(seen, witness=None)

    models = [synthetic.Model("one", "asyncio", 10, 20)]
    return run_view.view(synthetic.run(folder, models, SWEEP, change=change))


def _told(view: RunView) -> str:
    (subject,) = view.sweeps("connections")
    return captions.shows("connections", subject)


def test_the_most_and_what_lies_beyond_it_are_told(tmp_path: Path) -> None:
    view = _view(tmp_path, 0.05, 0.0006)
    told = _told(view)
    assert "one: 5.00 % (4.95 to 5.05) of its work is done one after the other" in told
    assert "it answers most with 39.8 connections" in told  # sqrt(0.95 / 0.0006)
    assert "more make it slower" in told
    chart = next(each for each in charts.by_subject(view) if each.kind.name == "connections")
    assert any("the law of scaling" in mark.tip for mark in chart.canvas.marks.values())


def test_a_bound_is_told_where_nothing_makes_it_slower(tmp_path: Path) -> None:
    told = _told(_view(tmp_path, 0.1, 0.0))
    assert "which bounds it to 20,000 requests/s" in told


def test_a_law_that_does_not_fit_is_neither_told_nor_drawn(tmp_path: Path) -> None:
    view = _view(tmp_path, 0.0, 0.0, wall=True)
    assert "does not fit one: nothing is drawn of it" in _told(view)
    chart = next(each for each in charts.by_subject(view) if each.kind.name == "connections")
    assert not any("the law of scaling" in mark.tip for mark in chart.canvas.marks.values())


def test_two_points_are_no_sweep_of_it(tmp_path: Path) -> None:
    few = run_view.view(synthetic.run(tmp_path, workloads=SWEEP[:3]))
    assert laws.told(few.sweeps("connections")[0], "connections") == []
