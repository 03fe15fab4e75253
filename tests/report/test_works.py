"""What work does to servers: charts and sentences that are true of invented runs."""

import dataclasses
from pathlib import Path

import pytest

from bench.base.gaps import Gaps
from bench.model.trial import Trial, Workload
from bench.model.work import Work
from bench.report import charts
from bench.report.page import render as page
from bench.report.sentences import works
from bench.report.view import run_view
from bench.report.view.run_view import RunView
from loadgen.plan import Load
from loadgen.result import RequestClass
from tests.support import synthetic
from tests.support.known import known
from tests.support.markdown import tables
from tests.support.models import Model

WORKS = (None, 10.0, 30.0, 100.0, 300.0, 1000.0)
# The first is cheaper a request, the second does twice as much work at once: they are level where
# 10 + w = 30 + w / 2, at 40 us of work.
LEAN = Model("asyncio-protocol", "asyncio", 10, 20)
BROAD = Model("asyncio-process-pool", "offload", 30, 60, parallel=2.0)


def under(work: Work | None, **more: object) -> Workload:
    workload = Workload(f"kept-{work or 'none'}", "tcp", Load(connections=50), work=work)
    return dataclasses.replace(workload, **more)  # type: ignore[arg-type]


def seen(
    folder: Path, workloads: list[Workload], models: tuple[Model, ...], **how: object
) -> RunView:
    run = synthetic.run(folder, models, workloads, **how)  # type: ignore[arg-type]
    return run_view.view(run)


def over_work(folder: Path, models: tuple[Model, ...]) -> RunView:
    return seen(folder, [under(None if us is None else Work("spin", us)) for us in WORKS], models)


def with_classes(light_us: dict[str, float], heavy_us: float) -> object:
    """Return what gives each trial two classes."""

    def change(trial: Trial) -> Trial:
        light = synthetic.percentiles(light_us[trial.cell.server] / 1.5)
        heavy = synthetic.percentiles(heavy_us)
        hdr = known(trial.result).response_hdr
        return synthetic.with_result(
            trial,
            light=RequestClass(1980, 990.0, light, hdr),
            heavy=RequestClass(20, 10.0, heavy, hdr),
        )

    return change


def test_a_crossover_is_told_with_where_it_is(tmp_path: Path) -> None:
    (subject,) = over_work(tmp_path, (LEAN, BROAD)).work_sweeps()
    sentence, *others = works.crossovers(subject)
    assert not others
    assert sentence.startswith("asyncio-protocol leads asyncio-process-pool up to ")
    assert sentence.endswith("of work a request; beyond that asyncio-process-pool leads.")
    us = float(sentence.split(" up to ")[1].split(" µs")[0])
    assert us == pytest.approx(40, rel=0.15)


def test_an_order_that_stays_is_said_to_stay(tmp_path: Path) -> None:
    dearer = Model("asyncio-streams", "asyncio", 10_000, 20)
    (subject,) = over_work(tmp_path, (LEAN, dearer)).work_sweeps()
    assert works.crossovers(subject) == []
    assert "No crossover in this range" in works.over_work(subject)


def test_servers_are_measured_against_the_ideal(tmp_path: Path) -> None:
    (subject,) = over_work(tmp_path, (LEAN, BROAD)).work_sweeps()
    last = subject.workloads[-1]
    assert last.ideal_rps == pytest.approx(1000.0)  # one CPU, a millisecond each
    assert "Of the ideal at 1 ms: asyncio-process-pool 18" in works.over_work(subject)


def test_waits_are_bound_by_connections_and_open_loops_by_their_schedule(tmp_path: Path) -> None:
    waiting, offered = under(Work("wait", 5000.0)), under(Work("spin", 10.0), load=Load(rate=100.0))
    view = seen(tmp_path, [waiting, offered], (LEAN, BROAD))
    assert [item.ideal_rps for item in view.workloads] == [pytest.approx(10_000.0), None]


def test_kinds_and_shares_are_sweeps_of_their_own(tmp_path: Path) -> None:
    works_of = [None, Work("spin", 10.0), Work("spin", 100.0), Work("wait", 100.0)]
    works_of += [Work("spin", 100.0, 0.1)]
    view = seen(tmp_path, [under(work) for work in works_of], (LEAN, BROAD))
    assert [subject.label for subject in view.work_sweeps()] == [
        "50 connections kept open, 64 B, closed loop, TCP, spin",
        "50 connections kept open, 64 B, closed loop, TCP, wait",
    ]


def test_who_keeps_light_requests_fast_is_told(tmp_path: Path) -> None:
    change = with_classes({"asyncio-protocol": 21_000.0, "asyncio-process-pool": 900.0}, 12_000.0)
    view = seen(tmp_path, [under(Work("spin", 10_000.0, 0.01))], (LEAN, BROAD), change=change)
    (subject,) = view.each()
    assert works.of_classes(subject) == (
        "p99 of the light requests stays below the 10 ms of a heavy one with asyncio-process-pool "
        "(900 µs). It is the 10 ms of a heavy one or more with asyncio-protocol (21.0 ms)."
    )
    text = page.markdown(view, [])
    assert any("light p99" in table[0] for table in tables(text))
    assert "stays below the 10 ms of a heavy one with asyncio-process-pool" in text


def test_a_sentence_on_those_that_wait_stands_alone(tmp_path: Path) -> None:
    change = with_classes({"asyncio-protocol": 21_000.0}, 12_000.0)
    view = seen(tmp_path, [under(Work("spin", 10_000.0, 0.01))], (LEAN,), change=change)
    told = works.of_mixture(view.workloads[0])
    assert told == [
        "p99 of the light requests is the 10 ms of a heavy one or more with asyncio-protocol "
        "(21.0 ms)."
    ]


def test_who_suffers_from_a_hog_is_told(tmp_path: Path) -> None:
    hogs = [under(None, name=f"kept-{hog}", hog=hog) for hog in (None, "spin")]

    def change(trial: Trial) -> Trial:
        suffers = trial.cell.workload.hog and trial.cell.server == "asyncio-protocol"
        times = synthetic.percentiles(20_000.0 if suffers else 1000.0)
        return synthetic.with_result(trial, response_us=times)

    (subject,) = seen(tmp_path, hogs, (LEAN, BROAD), change=change).together("hog")
    told = works.of_hogs(subject)
    assert told.startswith("Suffers most: asyncio-protocol, p99 from 1.50 ms to 30.0 ms (spin)")


@pytest.mark.parametrize("count", [1, 8])
def test_every_chart_of_work_is_drawn_whatever_is_missing(tmp_path: Path, count: int) -> None:
    workloads = [under(work) for work in (None, Work("spin", 10.0), Work("spin", 1000.0, 0.5))]
    workloads += [under(None, name="hog", hog="spin"), under(Work("wait", 5000.0))]
    models = synthetic.EIGHT[:count]
    change = with_classes(dict.fromkeys((model.name for model in models), 900.0), 9000.0)

    def changed(trial: Trial) -> Trial | None:
        if trial.cell.server == "blocking" and trial.cell.workload.hog:
            return None
        return change(trial) if trial.cell.workload.mixture else trial  # type: ignore[operator]

    view = seen(tmp_path, workloads, models, change=changed)
    gaps = Gaps()
    names = {chart.name for chart in charts.by_subject(view, gaps)}
    assert gaps.lines() == []
    # The first of them leaves clients without an answer: it alone has no p99 to be drawn.
    for kind in ("classes", "work-50", "work-cpu", *(["work-tail"] if count > 1 else [])):
        assert any(name.startswith(kind) for name in names), names
