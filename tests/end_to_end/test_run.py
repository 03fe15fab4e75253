"""Whole runs as a user has them: what is measured, extended and rebuilt."""

import csv
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT, python

BENCH = [sys.executable, "-m", "bench"]


QUICK = ["--duration", "0.2", "--warmup", "0.05", "--trials", "2", "--suite", "quick"]


LIMIT_S = 60


def bench(*words: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*BENCH, *words],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        cwd=cwd or ROOT,
        env=os.environ | {"COLUMNS": "150", "PYTHONPATH": str(ROOT), "DEFECT_AFTER_S": "0.12"},
        check=False,
    )


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "summary.csv").open() as file:
        return list(csv.DictReader(file))


COLUMNS = (
    *("server", "family", "transport", "workload", "connections", "payload_bytes"),
    *("requests_per_connection", "offered_rps", "trials"),
    *("throughput_rps", "throughput_lo", "throughput_hi"),
    *("p50_us", "p90_us", "p99_us", "p999_us", "max_us", "send_lag_p99_us", "connect_p99_us"),
    *("cpu_us_per_request", "ctx_switches_per_request", "memory_mib"),
    *("effective_concurrency", "fairness_jain", "errors", "verdict"),
)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of one small run: good servers, and some that fail in their ways."""
    folder = tmp_path_factory.mktemp("results") / "run"
    defects = ROOT / "tests" / "defects" / "stream"
    servers = ["blocking", "selectors-default", "foreign"]
    servers += [str(defects / f"{name}.py") for name in ("wrong_at_probe", "exits_at_once")]
    servers += [str(defects / f"{name}.py") for name in ("crashes", "hangs", "flipped_bit")]
    command = f"foreign={python(ROOT / 'tests' / 'support' / 'foreign.py', '{host}', '{port}')}"
    ended = bench(
        *("run", *QUICK, "--servers", shlex.join(servers), "--connections", "1,20"),
        *("--command", command, "--out", str(folder), "--seed", "5"),
    )
    assert ended.returncode == 0, ended.stderr
    assert "report: " in ended.stdout
    return folder


class TestRun:
    def test_the_summary_has_its_columns_and_a_row_for_every_cell(self, measured: Path) -> None:
        table = rows(measured)
        assert tuple(table[0])[: len(COLUMNS)] == COLUMNS
        assert len(table) == 8 * 2
        for row in table:
            assert row["connections"] in ("1", "20")
            assert row["payload_bytes"] == "64"
            assert row["requests_per_connection"] == row["offered_rps"] == ""

    @pytest.mark.parametrize(
        ("server", "verdict"),
        [
            ("wrong-at-probe", "broken-echo"),
            ("exits-at-once", "failed"),
            ("crashes", "broken-echo"),
            ("hangs", "broken-echo"),
            ("flipped-bit", "broken-echo"),
        ],
    )
    def test_a_defect_gets_its_verdict(self, measured: Path, server: str, verdict: str) -> None:
        assert {row["verdict"] for row in rows(measured) if row["server"] == server} == {verdict}

    def test_a_blocking_server_starves_all_clients_but_one(self, measured: Path) -> None:
        (row,) = (
            r for r in rows(measured) if (r["server"], r["connections"]) == ("blocking", "20")
        )
        assert row["verdict"] == "starved"
        assert float(row["effective_concurrency"]) < 1.5
        trials = (measured / "trials.jsonl").read_text().splitlines()
        loads = [
            trial["result"]
            for trial in map(json.loads, trials)
            if trial["cell"]["server"] == "blocking"
            and trial["cell"]["workload"]["load"]["connections"] == 20
        ]
        assert {load["connections_without_reply"] for load in loads} == {19}
        # They were asked before the window: none of its own, and none of its latencies.
        assert all(load["censored"] >= 19 for load in loads)

    def test_good_servers_and_commands_are_measured_beside_the_bad_ones(
        self, measured: Path
    ) -> None:
        for row in rows(measured):
            if row["server"] in ("selectors-default", "foreign"):
                assert row["verdict"] not in ("failed", "broken-echo", "starved"), row
                assert float(row["throughput_rps"]) > 100
                assert float(row["cpu_us_per_request"]) > 0
                assert float(row["memory_mib"]) > 0

    def test_the_header_says_enough_to_run_it_again(self, measured: Path) -> None:
        header = json.loads((measured / "run.json").read_text())
        assert header["schema"] == 4
        assert header["seed"] == 5
        assert len(header["order"]) == 2
        assert header["order"][0] != header["order"][1]
        assert header["machine"]["kernel"]
        assert header["versions"]["python"]
        assert header["complete"]
        assert header["command"][1] == "run"

    def test_the_report_is_rebuilt_from_the_files_alone(self, measured: Path) -> None:
        before = (measured / "summary.csv").read_text()
        for name in ("summary.csv", "report.md", "report.html"):
            (measured / name).unlink()
        ended = bench("report", str(measured))
        assert ended.returncode == 0, ended.stderr
        assert (measured / "summary.csv").read_text() == before
        page = (measured / "report.html").read_text()
        assert "http://" not in page.replace("http://www.w3.org", "")
        assert list((measured / "charts").glob("*.svg"))

    def test_a_newer_schema_is_refused(self, measured: Path, tmp_path: Path) -> None:
        header = json.loads((measured / "run.json").read_text()) | {"schema": 99}
        (tmp_path / "run.json").write_text(json.dumps(header))
        ended = bench("report", str(tmp_path))
        assert ended.returncode == 2
        assert "schema 99" in ended.stderr

    def test_a_full_folder_is_refused(self, measured: Path) -> None:
        ended = bench("run", *QUICK, "--servers", "blocking", "--out", str(measured))
        assert (ended.returncode, ended.stdout) == (2, "")
        assert "not empty" in ended.stderr


def test_a_run_is_extended_and_resumed(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    words = ["--connections", "5", "--out", str(folder), "--aa", "blocking"]
    first = bench("run", *QUICK, "--servers", "blocking", *words)
    assert first.returncode == 0, first.stderr
    more = bench("run", "--add", str(folder), "--servers", "selectors-default", "--trials", "1")
    assert more.returncode == 0, more.stderr
    trials = [json.loads(line) for line in (folder / "trials.jsonl").read_text().splitlines()]
    measured = {(t["block"], t["cell"]["server"]) for t in trials}
    assert {(2, "blocking"), (2, "blocking~aa"), (2, "selectors-default")} <= measured
    assert {row["server"]: row["trials"] for row in rows(folder)} == {
        "blocking": "3",
        "selectors-default": "1",
    }
    # A run that was killed in its last block: that block is measured again, as a whole.
    lines = (folder / "trials.jsonl").read_text().splitlines()
    kept = [line for line in lines if json.loads(line)["block"] < 2]
    half = [line for line in lines if json.loads(line)["block"] == 2][:1]
    (folder / "trials.jsonl").write_text("\n".join([*kept, *half]) + "\n")
    rest = bench("run", "--resume", str(folder))
    assert rest.returncode == 0, rest.stderr
    again = [json.loads(line) for line in (folder / "trials.jsonl").read_text().splitlines()]
    assert [t["block"] for t in again].count(2) >= 4
    assert {row["server"]: row["trials"] for row in rows(folder)}["selectors-default"] == "1"


def test_other_event_loops_and_interpreters_stand_beside_ours(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    ended = bench(
        *("run", *QUICK, "--trials", "1", "--connections", "5", "--aa", "none"),
        *("--servers", "plain-protocol,other:selectors-default,selectors-default"),
        *("--loop", "plain=asyncio:new_event_loop", "--python", f"other={python()}"),
        *("--out", str(folder)),
    )
    assert ended.returncode == 0, ended.stderr
    table = {row["server"]: row for row in rows(folder)}
    assert set(table) == {"plain-protocol", "other:selectors-default", "selectors-default"}
    for row in table.values():
        assert row["verdict"] not in ("failed", "broken-echo", "starved")
        assert row["python"].startswith("CPython 3.")
