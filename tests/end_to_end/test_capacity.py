"""`bench capacity` as it is used: a known truth, limits that cannot be kept, an early end."""

import contextlib
import csv
import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT, TESTS, python

BENCH = [sys.executable, "-m", "bench"]
QUEUE = TESTS / "truth" / "single_queue.py"
LIMIT_S = 180
# Of a queue with services of 1 ms: p99 < 20 ms holds up to this rate.
TRUTH = 1000 - math.log(100) / 0.02
# A search of half a minute is wide, and one in some misses: how far is still the same number.
FACTOR = 1.4


def _bench(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*BENCH, *words],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "150"},
        check=False,
    )


def _rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "capacity.csv").open() as file:
        return list(csv.DictReader(file))


def _queue(tmp_path: Path) -> tuple[str, ...]:
    words = python(QUEUE, "{host}", "{port}", "--log", tmp_path / "log")
    return ("--command", f"queue={words}", "--servers", "queue", "--connections", "20")


@pytest.mark.slow
def test_a_queue_of_known_truth(tmp_path: Path) -> None:
    out = tmp_path / "run"
    times = ("--minutes", "0.5", "--duration", "1", "--warmup", "0.2")
    ended = _bench("capacity", "--slo", "p99 < 20ms", *_queue(tmp_path), *times, "--out", str(out))
    assert ended.returncode == 0, ended.stderr
    (row,) = _rows(out)
    assert (row["bound"], row["binding"]) == ("", "p99 < 20 ms")
    assert TRUTH / FACTOR < float(row["capacity_rps"]) < TRUTH * FACTOR
    # Half a minute on a machine that others use need not bound it to both sides.
    assert float(row["capacity_lo"] or 0) < TRUTH * FACTOR
    assert float(row["capacity_hi"] or math.inf) > TRUTH / FACTOR
    assert float(row["peak_rps"]) > float(row["capacity_rps"])
    assert int(row["trials"]) >= 8
    for name in ("capacity.md", "capacity.html", "charts/capacity-0.svg", "charts/way-0.png"):
        assert (out / name).stat().st_size > 300, name
    # The closed loop's report is of its trials alone, and all of it can be made anew.
    summary = (out / "summary.csv").read_text()
    assert summary.count("\n") == 2
    before = (out / "capacity.csv").read_text()
    (out / "capacity.csv").unlink()
    again = _bench("report", str(out))
    assert again.returncode == 0, again.stderr
    assert (out / "capacity.csv").read_text() == before
    assert "queue carries " in again.stdout
    refused = _bench("run", "--resume", str(out), "--yes")
    assert refused.returncode == 2
    assert "is a search, which begins anew" in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest.mark.slow
def test_a_limit_that_nobody_keeps_and_one_that_everybody_does(tmp_path: Path) -> None:
    out, times = tmp_path / "run", ("--duration", "0.2", "--warmup", "0.05", "--minutes", "0.12")
    load = ("--servers", "selectors-default", "--connections", "4", "--json", *times)
    ended = _bench("capacity", "--slo", "p99 < 1us", *load, "--out", str(out))
    assert ended.returncode == 0, ended.stderr
    (found,) = json.loads(ended.stdout)["capacities"]
    assert found["bound"] == "below"
    assert found["why"].startswith("not even at ")
    assert found["capacity_lo"] is None
    ended = _bench("capacity", "--slo", "p50 < 20s", *load)
    assert ended.returncode == 0, ended.stderr
    (found,) = json.loads(ended.stdout)["capacities"]
    # By the time, or by what piles up: either way no latency bounds it.
    assert found["bound"] in ("at least", "")
    assert found["capacity_rps"] > 0.1 * found["peak_rps"]


@pytest.mark.slow
def test_what_was_tried_before_ctrl_c_is_in_the_report(tmp_path: Path) -> None:
    out = tmp_path / "run"
    words = ("capacity", "--slo", "p99 < 20ms", *_queue(tmp_path), "--out", str(out))
    times = ("--minutes", "2", "--duration", "0.6", "--warmup", "0.1")
    with subprocess.Popen(
        [*BENCH, *words, *times],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        with contextlib.closing(process.stdout) as lines:
            for told in lines:
                if "rps:" in told:
                    process.send_signal(signal.SIGINT)
                    break
            told = lines.read()
        assert process.wait(LIMIT_S) == 130
    assert "interrupted: writing the report" in told
    (row,) = _rows(out)
    assert int(row["trials"]) >= 1
    assert row["end"] == "interrupted"
