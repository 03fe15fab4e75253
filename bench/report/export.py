"""A run in the formats of other tools: pytest-benchmark's JSON, HdrHistogram's logs, CSV, JSON."""

import datetime as dt
import io
import json
import math
import re
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogWriter

from bench.base.errors import ConfigError
from bench.model.run import workload_labels
from bench.model.trial import Cell, Trial
from bench.report import files
from bench.report.charts import unlike
from bench.report.view.run_view import RunView
from bench.store import run_folder
from loadgen.result import Result

NS_PER_US = 1000
# Of the names of server and workload in the name of a file.
STEM_MOST = 150


def write(view: RunView, form: str) -> list[Path]:
    """Write a run in one of `FORMATS` into its folder `export/` and return the paths.

    Raises:
        ConfigError: there is no such format, or the run has nothing that it can hold.
        OSError: the folder cannot be written.
    """
    if form not in FORMATS:
        raise ConfigError(f"format {form!r}: choose from {', '.join(FORMATS)}")
    texts = FORMATS[form](view)
    if not texts:
        raise ConfigError(f"export: {view.run.folder} has no measured cell that {form} could hold")
    paths = []
    for name, text in texts.items():
        name = f"export/{name}"
        run_folder.write_report(view.run.folder, name, text.encode())
        paths.append(view.run.folder / name)
    return paths


def _csv(view: RunView) -> dict[str, str]:
    return files.tables(view)


def _json(view: RunView) -> dict[str, str]:
    return {"summary.json": files.render(view, "json")}


def _pytest_benchmark(view: RunView) -> dict[str, str]:
    document = pytest_benchmark(view)
    if not document["benchmarks"]:
        return {}
    return {"pytest-benchmark.json": json.dumps(document, indent=1)}


def pytest_benchmark(view: RunView) -> dict[str, Any]:
    """Return what `pytest-benchmark compare` reads: a benchmark a cell, a round a trial.

    A time is seconds per request, 1 / throughput. Cells whose figures do not stand for their server
    are left out: the format has no place for a verdict that its tables would show.
    """
    header = view.run.header
    cells = {cell: shown for cell, shown in view.cells.items() if shown.verdict.ranked}
    labels = workload_labels(cell.workload for cell in cells)
    benchmarks = []
    for cell, shown in cells.items():
        rates = [trial.result.throughput_rps for trial in shown.trials if trial.result is not None]
        times_s = [1 / rate for rate in rates if rate]
        if times_s:
            benchmark = _benchmark(cell, labels[cell.workload], times_s)
            benchmark["extra_info"] = {
                "verdict": shown.verdict.name,
                "why": shown.verdict.sentence,
            }
            benchmarks.append(benchmark)
    return {
        "machine_info": {**header.machine, **header.versions},
        "commit_info": {"id": header.commit},
        "benchmarks": benchmarks,
        "datetime": header.created_at,
        "version": "5.0.0",
    }


def _benchmark(cell: Cell, label: str, times_s: list[float]) -> dict[str, Any]:
    name = f"{cell.server}[{label}]"
    return {
        "group": label,
        "name": name,
        "fullname": f"bench::{name}",
        "params": {"server": cell.server, "workload": label},
        "param": label,
        "options": {"disable_gc": False, "timer": "monotonic_ns", "min_rounds": len(times_s)},
        "stats": _stats(times_s),
    }


def _stats(times_s: list[float]) -> dict[str, Any]:
    """Return the fields of pytest-benchmark's statistics, in seconds (its docs, `Stats`)."""
    mean = statistics.mean(times_s)
    spread = statistics.stdev(times_s) if len(times_s) > 1 else 0.0
    low, middle, high = (
        statistics.quantiles(times_s, n=4, method="inclusive") if len(times_s) > 1 else times_s * 3
    )
    fence = 1.5 * (high - low)
    within = [time for time in times_s if low - fence <= time <= high + fence]
    beyond_spread = sum(abs(time - mean) > spread for time in times_s)
    return {
        "min": min(times_s),
        "max": max(times_s),
        "mean": mean,
        "stddev": spread,
        "rounds": len(times_s),
        "median": middle,
        "iqr": high - low,
        "q1": low,
        "q3": high,
        "iqr_outliers": len(times_s) - len(within),
        "stddev_outliers": beyond_spread,
        "outliers": f"{beyond_spread};{len(times_s) - len(within)}",
        "ld15iqr": min(within),
        "hd15iqr": max(within),
        "ops": 1 / mean,
        "total": math.fsum(times_s),
        "data": times_s,
        "iterations": 1,
    }


def _hdr(view: RunView) -> dict[str, str]:
    """Return for each cell its percentiles (.hgrm) and its trials as a log of intervals (.hlog)."""
    texts: dict[str, str] = {}
    warmup_s = view.run.header.config.warmup_s
    labels = workload_labels(cell.workload for cell in view.cells)
    taken: set[str] = set()
    for cell, shown in view.cells.items():
        measured = [
            (_start_s(trial, warmup_s), trial.result)
            for trial in shown.trials
            if trial.result is not None and trial.result.response_hdr and trial.result.service_hdr
        ]
        name = re.sub(r"[^A-Za-z0-9_.-]+", "-", f"{cell.server}-{labels[cell.workload]}").strip("-")
        stem = unlike(name[:STEM_MOST], taken)
        # In closed loop a request is sent when it is intended: the two times are one.
        kinds = ("response",) if cell.workload.load.rate is None else ("response", "service")
        for kind in kinds if measured else ():
            texts[f"{stem}-{kind}.hgrm"] = percentiles([result for _, result in measured], kind)
            texts[f"{stem}-{kind}.hlog"] = intervals(measured, kind)
    return texts


def percentiles(results: Sequence[Result], kind: str = "response") -> str:
    """Return the percentiles of the trials' merged histograms in µs, in the format .hgrm."""
    first, *others = results
    merged = HdrHistogram.decode(_encoded(first, kind))
    for result in others:
        merged.decode_and_add(_encoded(result, kind))
    out = io.BytesIO()
    scale = NS_PER_US / first.hdr_unit_ns
    merged.output_percentile_distribution(out, scale)

    def scaled(found: re.Match[str]) -> str:
        return f"{found[1]}{float(found[2]) / scale:12.3f}"

    # The library leaves the deviation in recorded units, beside a mean that it has scaled.
    return re.sub(r"(StdDeviation   = )( *[0-9.]+)", scaled, out.getvalue().decode())


def intervals(trials: Sequence[tuple[float, Result]], kind: str = "response") -> str:
    """Return a log with one interval a trial, in seconds since 1970, in the format .hlog.

    trials: when the window of each opened, and its result

    An interval starts as the trial's window did, to some milliseconds: connecting is not in it.
    A comment names the unit of the recorded values; Interval_Max is in µs, without a fraction.
    """
    out = io.StringIO()
    writer = HistogramLogWriter(out)
    unit_ns = max(result.hdr_unit_ns for _, result in trials)
    writer.output_log_format_version()
    writer.output_comment(
        f"{kind} time; a recorded value of 1 is {unit_ns} ns, Interval_Max is in µs"
    )
    began_s = min(start_s for start_s, _ in trials)
    # The library's own output_start_time calls a method that datetime does not have.
    at = dt.datetime.fromtimestamp(began_s, dt.UTC).isoformat(" ", "milliseconds")
    writer.output_comment(f"[StartTime: {began_s:.3f} (seconds since epoch), {at}]")
    writer.output_legend()
    for start_s, result in sorted(trials, key=lambda pair: pair[0]):
        histogram = HdrHistogram.decode(_encoded(result, kind))
        per_us = NS_PER_US / result.hdr_unit_ns
        writer.output_interval_histogram(histogram, start_s, start_s + result.window_s, per_us)
    return out.getvalue()


def _encoded(result: Result, kind: str) -> str:
    encoded: str = getattr(result, f"{kind}_hdr")
    return encoded


def _start_s(trial: Trial, warmup_s: float) -> float:
    began = dt.datetime.fromisoformat(trial.started_at).timestamp()
    return began + (trial.ready_s or 0.0) + warmup_s


FORMATS: dict[str, Callable[[RunView], dict[str, str]]] = {
    "csv": _csv,
    "json": _json,
    "pytest-benchmark": _pytest_benchmark,
    "hdr": _hdr,
}
