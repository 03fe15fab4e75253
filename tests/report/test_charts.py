"""Charts of invented runs: what is drawn, marked and named, and colours that can be told apart."""

import dataclasses
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram

from bench.analysis import percentiles
from bench.model.trial import Trial
from bench.report import charts
from bench.report.charts import latency, lines
from bench.report.decision import frontiers
from bench.report.drawing import embed, palette
from bench.report.drawing.canvas import Canvas
from bench.report.page import render
from bench.report.sentences import captions
from bench.report.view import run_view
from tests.support import synthetic
from tests.support.known import known


def _groups(canvas: Canvas) -> dict[int, set[str]]:
    """Return the tips of each server that is in the drawing."""
    found = set()
    for element in ET.fromstring(canvas.svg).iter():
        found.add(element.get("id"))
    tips: dict[int, set[str]] = {}
    for gid, mark in canvas.marks.items():
        assert gid in found
        tips.setdefault(mark.server, set()).add(mark.tip)
    return tips


def test_every_server_is_marked_in_every_chart(tmp_path: Path) -> None:
    view = run_view.view(synthetic.run(tmp_path, blocks=3))
    drawn = list(charts.by_subject(view))
    assert [chart.kind.name for chart in drawn].count("throughput") == 3
    for chart in drawn:
        shown = set(range(8))
        if chart.kind.name.endswith("ratio"):
            shown = {cell.index for cell in chart.subjects[0].workload.ranked}
        if chart.kind.name == "frontier":
            cells = chart.subjects[0].workload.measured
            shown = {cell.index for cell, *_ in frontiers.points(cells, "p99_us")}
        if chart.kind.name == "latency":  # times of those whom a starved server serves are none
            shown = {cell.index for cell in latency.drawn(chart.subjects[0])}
        assert set(_groups(chart.canvas)) == shown, chart.name


def test_a_run_has_the_charts_that_it_has_data_for(tmp_path: Path) -> None:
    rates = [
        dataclasses.replace(
            synthetic.OFFERED,
            name=f"offered-{rate}",
            load=dataclasses.replace(synthetic.OFFERED.load, rate=float(rate)),
        )
        for rate in (5000, 20000, 40000)
    ]
    swept = synthetic.run(tmp_path / "swept", synthetic.EIGHT[3:6], rates, blocks=2)
    one = synthetic.run(tmp_path / "one", synthetic.EIGHT[3:4], [synthetic.ONE], blocks=1)
    kinds = {chart.kind.name for chart in charts.by_subject(run_view.view(swept))}
    assert {"load", "service", "heat", "fairness"} <= kinds
    assert "connections" not in kinds
    kinds = {chart.kind.name for chart in charts.by_subject(run_view.view(one))}
    assert kinds == {"throughput", "latency", "cpu", "switches", "memory", "time", "pauses"}


def test_a_cell_that_is_not_valid_is_hatched_and_named(tmp_path: Path) -> None:
    view = run_view.view(synthetic.run(tmp_path, workloads=[synthetic.MANY], blocks=2))
    chart = next(iter(charts.by_subject(view)))
    text = chart.canvas.svg
    assert text.count("<pattern") == 2  # blocking and the pool
    assert re.search(r">7[0-3],\d{3}  starved<", text)
    assert text.count("starved</text>") == 2
    assert "server: 1 CPU (0); generator: 1 CPU (1)" in text


def test_a_lower_bound_is_written_as_one(tmp_path: Path) -> None:
    def change(trial: Trial) -> Trial:
        trial = synthetic.with_result(trial, generator_idle_fraction=0.0)
        used = synthetic.usage(0.8)
        return dataclasses.replace(trial, server_usage=used)

    run = synthetic.run(tmp_path, synthetic.EIGHT[4:5], [synthetic.MANY], blocks=2, change=change)
    chart = next(iter(charts.by_subject(run_view.view(run))))
    assert "≥ 19," in chart.canvas.svg


def test_a_name_is_text_whatever_signs_it_holds(tmp_path: Path) -> None:
    model = synthetic.Model('x$y_z^2$ <b>&"', "other", 18, 2)
    run = synthetic.run(tmp_path, [model], [synthetic.MANY], blocks=2)
    for chart in charts.by_subject(run_view.view(run)):
        assert "x$y_z^2$ &lt;b&gt;&amp;" in chart.canvas.svg


def test_a_workload_without_data_has_no_chart(tmp_path: Path) -> None:
    run = synthetic.run(tmp_path, change=lambda trial: None)
    view = run_view.view(run)
    assert list(charts.by_subject(view)) == []
    assert list(charts.overview(view)) == []


def test_the_same_run_gives_the_same_file(tmp_path: Path) -> None:
    run = synthetic.run(tmp_path, synthetic.EIGHT[:2], [synthetic.ONE], blocks=2)
    first, second = (
        [chart.canvas.svg for chart in charts.by_subject(run_view.view(run))] for _ in range(2)
    )
    assert first == second


def test_captions_are_about_the_data(tmp_path: Path) -> None:
    view = run_view.view(synthetic.run(tmp_path, workloads=[synthetic.MANY], blocks=2))
    cheapest = captions.shows("cpu", view.each()[0])
    assert cheapest.startswith("Of the ranked: lowest CPU per request: uvloop-protocol, 1")
    assert "highest: asyncio-streams, 5" in cheapest


def test_names_move_apart_and_keep_their_order() -> None:
    places = lines.apart([0.5, 0.51, 0.52, 0.1], 0.1)
    assert places == pytest.approx([0.5, 0.6, 0.7, 0.1])
    crowded = lines.apart([0.95, 0.96, 0.97], 0.2)
    assert crowded == pytest.approx([0.6, 0.8, 1.0])


def test_a_curve_is_the_percentiles_of_all_samples() -> None:
    found = percentiles.curve(
        [(synthetic.histogram(1000.0), 100), (synthetic.histogram(1000.0), 100)]
    )
    assert found is not None
    nines, times_us = found
    histogram = HdrHistogram.decode(synthetic.histogram(1000.0))
    total = 2 * histogram.total_count
    assert nines[-1] == pytest.approx(np.log10(total / 10))
    for place, time_us in zip(nines, times_us, strict=True):
        expected = histogram.get_value_at_percentile(100 * (1 - 10**-place)) / 10
        assert time_us == pytest.approx(expected, rel=2e-3)


def test_too_few_samples_have_no_curve() -> None:
    few = HdrHistogram(1, 1000, 3)
    few.record_value(7, 15)
    assert percentiles.curve([(few.encode().decode(), 100)]) is None


def test_a_figure_fits_into_a_page(tmp_path: Path) -> None:
    view = run_view.view(synthetic.run(tmp_path, synthetic.EIGHT[:1], [synthetic.MANY], blocks=2))
    chart = next(iter(charts.by_subject(view)))
    variables = {value: name for name, value in palette.variables(dark=False).items()}
    canvas = chart.canvas
    text = embed.inline(canvas.svg, "one", 'a "b" <c>', canvas.head_share, canvas.marks, variables)
    assert "Throughput" not in text
    root = ET.fromstring(text)
    assert (root.get("role"), root.get("aria-label")) == ("img", 'a "b" <c>')
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert ids
    assert all(str(name).startswith("one.") for name in ids)
    assert "var(--family-blocking)" in text
    assert "#" not in text.replace("url(#", "").replace('href="#', "")
    assert "<style" not in text


def test_a_sweep_whose_trials_are_too_short_for_a_p99_has_no_chart_of_it(tmp_path: Path) -> None:
    def change(trial: Trial) -> Trial:
        few = dataclasses.replace(known(trial.result).response_us, p99=None, p999=None)
        return synthetic.with_result(trial, response_us=few, service_us=few)

    pools = [dataclasses.replace(synthetic.MANY, pool_size=size) for size in (4, 16)]
    run = synthetic.run(tmp_path, synthetic.EIGHT[2:4], pools, blocks=2, change=change)
    kinds = {chart.kind.name for chart in charts.by_subject(run_view.view(run))}
    assert "pool" in kinds
    assert "pool-tail" not in kinds


def test_of_many_cells_the_details_are_drawn_when_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = run_view.view(synthetic.run(tmp_path, blocks=2))
    assert charts.left_out(view, charts.by_subject(view)) == []
    monkeypatch.setattr(charts, "DETAILED_MOST", len(view.cells) - 1)
    fewer = list(charts.by_subject(view))
    kinds = {chart.kind.name for chart in fewer}
    assert {"ratio", "latency", "cpu", "memory", "throughput"} <= kinds
    assert not any(chart.kind.detail for chart in fewer)
    titles = charts.left_out(view, fewer)
    assert "Fairness between connections" in titles
    assert titles[0] in render.html(view, fewer)
    assert charts.left_out(view, charts.by_subject(view, every=True)) == []


def test_memory_over_time_is_of_what_was_looked_at_and_names_what_leaks(tmp_path: Path) -> None:
    def change(trial: Trial) -> Trial:
        leaks = trial.cell.server == "selectors-default"
        looks = (place / 8 for place in range(9))
        course = tuple(
            (part * synthetic.WINDOW_S, int((20 + 9 * part * leaks) * 2**20)) for part in looks
        )
        return dataclasses.replace(trial, server_usage=synthetic.usage(resident=course))

    run = synthetic.run(tmp_path, workloads=[synthetic.MANY], blocks=3, change=change)
    view = run_view.view(run)
    (chart,) = [each for each in charts.by_subject(view) if each.kind.name == "memory-time"]
    assert set(_groups(chart.canvas)) == set(range(8))
    assert any("9.00 MiB more at the close" in mark.tip for mark in chart.canvas.marks.values())
    (subject,) = view.each()
    told = captions.shows("memory-time", subject)
    assert told.startswith("Some memory of each request stays to the end of the window: selectors")
    assert told.count("bytes") == 1


def test_who_leaks_is_brought_out_among_many(tmp_path: Path) -> None:
    """Selectors-poll is not the best of its family: among so many its line would be faint."""
    course = tuple((part / 4, int((20 + 9 * part / 8) * 2**20)) for part in range(9))

    def change(trial: Trial) -> Trial:
        if trial.cell.server != "selectors-poll":
            return trial
        return dataclasses.replace(trial, server_usage=synthetic.usage(resident=course))

    models = [*synthetic.EIGHT, *synthetic.EXTRA]
    run = synthetic.run(tmp_path, models, [synthetic.MANY], blocks=3, change=change)
    view = run_view.view(run)
    (chart,) = [each for each in charts.by_subject(view) if each.kind.name == "memory-time"]
    assert chart.canvas.marks
    assert not any(mark.faint for mark in chart.canvas.marks.values())


def test_where_nothing_leaks_nobody_is_named(tmp_path: Path) -> None:
    (subject,) = run_view.view(synthetic.run(tmp_path, workloads=[synthetic.MANY])).each()
    told = captions.shows("memory-time", subject)
    assert told == "No server's memory grew in step with its requests."
