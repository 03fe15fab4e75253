"""Exports that the tools they are made for read back."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

from bench.base.errors import ConfigError
from bench.model.run import Run
from bench.report import export
from bench.report.view import run_view
from tests.support import synthetic
from tests.support.known import known


@pytest.fixture
def run(tmp_path: Path) -> Run:
    models = [synthetic.EIGHT[0], synthetic.EIGHT[3]]
    return synthetic.run(tmp_path / "run", models, [synthetic.ONE, synthetic.OFFERED], 3)


def test_pytest_benchmark_reads_its_json(run: Run, tmp_path: Path) -> None:
    (path,) = export.write(run_view.view(run), "pytest-benchmark")
    table = tmp_path / "table.csv"
    command = [
        *(sys.executable, "-c", "from pytest_benchmark.cli import main; main()"),
        *("--storage", str(tmp_path / "storage"), "compare", str(path), "--csv", str(table)),
    ]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert "Failed" not in told.stderr
    assert "benchmark 'kept-1': 2 tests" in told.stdout
    with table.open() as lines:
        rows = {row["name"]: row for row in csv.DictReader(lines)}
    name = next(name for name in rows if "selectors-default[kept-1]" in name)
    loads = [
        trial.result.throughput_rps
        for trial in run.trials
        if trial.result is not None
        and (trial.cell.server, trial.cell.workload.name) == ("selectors-default", "kept-1")
    ]
    assert float(rows[name]["mean"]) == pytest.approx(sum(1 / rps for rps in loads) / 3)
    assert float(rows[name]["min"]) == pytest.approx(1 / max(loads))
    assert int(rows[name]["rounds"]) == 3


def test_its_statistics_are_those_of_pytest_benchmark() -> None:
    from pytest_benchmark.stats import Stats

    times_s = [0.1, 0.11, 0.105, 0.3, 0.102, 0.108, 0.109]
    theirs: Any = Stats()  # type: ignore[no-untyped-call]
    for time_s in times_s:
        theirs.update(time_s)
    ours = export._stats(times_s)
    for field in theirs.fields:
        if field not in ("q1", "q3", "iqr", "iqr_outliers", "outliers", "ld15iqr", "hd15iqr"):
            assert ours[field] == pytest.approx(getattr(theirs, field)), field
    assert set(ours) >= set(theirs.fields)


def test_one_trial_has_statistics() -> None:
    found = export._stats([0.25])
    assert (found["min"], found["median"], found["stddev"], found["rounds"]) == (0.25, 0.25, 0, 1)


def test_what_cannot_be_believed_is_left_out(run: Run) -> None:
    names = [one["name"] for one in export.pytest_benchmark(run_view.view(run))["benchmarks"]]
    assert "blocking[kept-1]" in names
    assert "blocking[offered-50]" not in names


def test_percentiles_agree_with_the_histogram(run: Run) -> None:
    paths = {path.name: path for path in export.write(run_view.view(run), "hdr")}
    text = paths["selectors-default-kept-1-response.hgrm"].read_text()
    merged = HdrHistogram(1, 36_000_000_000, 3)
    for trial in run.trials:
        if (trial.cell.server, trial.cell.workload.name) == ("selectors-default", "kept-1"):
            merged.decode_and_add(known(trial.result).response_hdr)
    rows = [line.split() for line in text.splitlines() if line[:1] == " " and "Value" not in line]
    # The synthetic digests are in units of 100 ns.
    for value, fraction, *_ in [row for row in rows if float(row[1]) < 0.999]:
        expected = merged.get_value_at_percentile(100 * float(fraction)) / 10
        assert float(value) == pytest.approx(expected, rel=0.002)
    (deviation,) = re.findall(r"StdDeviation   = +([0-9.]+)", text)
    assert float(deviation) == pytest.approx(merged.get_stddev() / 10, rel=0.001)
    assert int(rows[-1][2]) == merged.get_total_count()


def test_the_log_is_read_back_by_the_library(run: Run) -> None:
    paths = {path.name: path for path in export.write(run_view.view(run), "hdr")}
    path = paths["selectors-default-kept-1-response.hlog"]
    reader = HistogramLogReader(str(path), HdrHistogram(1, 36_000_000_000, 3))
    found = []
    while (histogram := reader.get_next_interval_histogram()) is not None:
        found.append(histogram)
    reader.close()
    assert len(found) == 3
    first = found[0]
    assert first.get_total_count() > 99_000
    assert (first.get_end_time_stamp() - first.get_start_time_stamp()) / 1000 == pytest.approx(
        synthetic.WINDOW_S
    )
    # 10:00:00 UTC, 80 ms until ready and half a second of warm-up.
    assert first.get_start_time_stamp() / 1000 == pytest.approx(1767607200.58, abs=0.002)
    results = [trial.result for trial in run.trials if trial.result is not None]
    assert any(
        HdrHistogram.decode(result.response_hdr).get_max_value() == first.get_max_value()
        for result in results
    )


def test_service_times_only_where_they_differ(run: Run) -> None:
    names = {path.name for path in export.write(run_view.view(run), "hdr")}
    assert "selectors-default-offered-50-service.hlog" in names
    assert "selectors-default-kept-1-service.hlog" not in names


def test_summaries(run: Run) -> None:
    cells, trials, between = export.write(run_view.view(run), "csv")
    assert cells == run.folder / "export" / "summary.csv"
    assert cells.read_text().startswith("server,family,")
    assert trials.read_text().startswith("block,position,status,server,family,")
    assert between.read_text().startswith("workload,figure,first,second,ratio,")
    (path,) = export.write(run_view.view(run), "json")
    assert len(json.loads(path.read_text())["cells"]) == 4


def test_refuses_an_unknown_format(run: Run) -> None:
    with pytest.raises(ConfigError, match="choose from csv, json, pytest-benchmark, hdr"):
        export.write(run_view.view(run), "xml")


@pytest.mark.parametrize("form", ["pytest-benchmark", "hdr"])
def test_refuses_a_run_without_figures(tmp_path: Path, form: str) -> None:
    empty = synthetic.run(tmp_path / "run", synthetic.EIGHT[:2], [synthetic.ONE], 0)
    with pytest.raises(ConfigError, match="no measured cell"):
        export.write(run_view.view(empty), form)
