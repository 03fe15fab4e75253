"""The command line as a user meets it: bad input, by-hand commands, whole runs, Ctrl-C, kill."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bench.base import limits
from bench.verdicts.checks import CHECKS
from tests.support.paths import ROOT

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
    command = (
        f"foreign={sys.executable} {ROOT / 'tests' / 'support' / 'foreign.py'} {{host}} {{port}}"
    )
    ended = bench(
        *("run", *QUICK, "--servers", " ".join(servers), "--connections", "1,20"),
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
        *("--loop", "plain=asyncio:new_event_loop", "--python", f"other={sys.executable}"),
        *("--out", str(folder)),
    )
    assert ended.returncode == 0, ended.stderr
    table = {row["server"]: row for row in rows(folder)}
    assert set(table) == {"plain-protocol", "other:selectors-default", "selectors-default"}
    for row in table.values():
        assert row["verdict"] not in ("failed", "broken-echo", "starved")
        assert row["python"].startswith("CPython 3.")


def test_a_run_that_is_not_there_cannot_go_on(tmp_path: Path) -> None:
    ended = bench("run", "--resume", str(tmp_path))
    assert ended.returncode == 2
    assert "is not a run" in ended.stderr


def test_doctor_answers() -> None:
    ended = bench("doctor")
    assert ended.returncode == 0, ended.stderr
    assert len(ended.stdout.splitlines()) > 5


def test_explain_names_every_verdict_and_every_limit() -> None:
    ended = bench("explain")
    assert ended.returncode == 0, ended.stderr
    for check in CHECKS:
        assert f"\n{check.name} " in ended.stdout
    for name in limits.TABLE:
        assert f"\n{name} " in ended.stdout


def test_the_page_on_limits_is_what_explain_prints() -> None:
    assert bench("explain", "--markdown").stdout == (ROOT / "docs" / "limits.md").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--servers", "nosuch"], "server 'nosuch'"),
        (["--suite", "nosuch"], "suite 'nosuch'"),
        (["--suite", "bench"], "is a folder"),
        (["--workloads", "nosuch"], "workload 'nosuch'"),
        (["--connections", "0"], "connections 0"),
        (["--connections", "-3"], "connections -3"),
        (["--connections", "many"], "'many' is not a whole number"),
        (["--connections", "99999"], "open files"),
        (["--payload", "1e99"], "payload"),
        (["--payload", ","], "is empty"),
        (["--rate", "nan"], "rate"),
        (["--duration", "nan"], "duration"),
        (["--duration", "0"], "duration"),
        (["--warmup", "-1"], "warmup"),
        (["--trials", "0"], "trials"),
        (["--seed", "-1"], "seed"),
        (["--transport", "sctp"], "transport"),
        (["--command", "mine=/no/such {port}"], "is not there"),
        (["--loop", "mine=no_such_module:loop"], "no module"),
        (["--python", "mine=/no/such"], "is not there"),
        (["--until", "much"], "percentage"),
        (["--server-cpus", "9999"], "may use the CPUs"),
        (["--pool-size", "0"], "pool_size 0"),
        (["--pool-size", "few"], "'few' is not a whole number"),
        (["--connections", ""], "--connections: is empty"),
        (["--workloads", ""], "--workloads: is empty"),
        (["--budget", "nan"], "--budget is nan"),
        (["--resume", "results/reference", "--duration", "3"], "--duration: a run that goes on"),
        (["--add", "results/reference", "--suite", "quick"], "--suite: a run that goes on"),
        (["--add", "results/reference", "--python", "a=python3"], "what --python shall run"),
        (["--aa", "nosuch"], "--aa nosuch"),
        (["--command", "blocking=true {port}"], "a server has that name"),
        (["--out", "/proc/nowhere"], "cannot be written"),
    ],
)
def test_bad_input_is_one_line_before_anything_starts(words: list[str], message: str) -> None:
    ended = bench("run", *words)
    assert ended.returncode == 2, ended.stdout
    assert message in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
    assert "Traceback" not in ended.stderr


class TestByHand:
    def test_list_names_servers_and_suites(self) -> None:
        ended = bench("list")
        assert ended.returncode == 0
        for word in ("uvloop-protocol", "process-pool", "default", "quick", "full"):
            assert word in ended.stdout

    def test_list_imports_nothing_heavy(self) -> None:
        heavy = "{'pandas', 'numpy', 'matplotlib', 'scipy', 'uvloop', 'asyncio'}"
        code = f"import sys, bench.cli; print({heavy} & set(sys.modules))"
        ended = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
        )
        assert ended.stdout.strip() == "set()"

    def test_check_passes_a_good_server_and_fails_a_bad_one(self) -> None:
        assert bench("check", "selectors-default", "--transport", "tcp").returncode == 0
        bad = bench("check", str(ROOT / "tests" / "defects" / "stream" / "wrong_at_probe.py"))
        assert bad.returncode == 1
        assert "FAIL" in bad.stdout
        assert "fix:" in bad.stdout

    def test_serve_prints_an_address_and_ends_with_ctrl_c(self) -> None:
        with subprocess.Popen(
            [*BENCH, "serve", "blocking"], stdout=subprocess.PIPE, text=True, cwd=ROOT
        ) as process:
            assert process.stdout is not None
            assert "blocking serves tcp on" in process.stdout.readline()
            assert "try: " in process.stdout.readline()
            process.send_signal(signal.SIGINT)
            assert process.wait(LIMIT_S) in (0, 130)


@pytest.fixture
def running(tmp_path: Path) -> Iterator["tuple[subprocess.Popen[str], Path]"]:
    """Yield a long run in its second trial, and its folder."""
    folder = tmp_path / "run"
    words = ["run", *QUICK, "--servers", "selectors-default,process-pool", "--out", str(folder)]
    process = subprocess.Popen(
        [*BENCH, *words, "--trials", "500"], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        assert process.stdout is not None
        while not (folder / "trials.jsonl").exists() or process.stdout.readline()[:2] != "1/":
            assert process.poll() is None
        yield process, folder
    finally:
        process.kill()
        process.communicate()


def test_ctrl_c_keeps_what_was_measured_and_writes_the_report(
    running: "tuple[subprocess.Popen[str], Path]",
) -> None:
    process, folder = running
    below = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=LIMIT_S)
    assert process.returncode == 130
    assert (folder / "report.html").exists()
    assert any(row["verdict"] for row in rows(folder))
    assert not psutil.wait_procs(below, timeout=3)[1]


def test_kill_leaves_no_process_and_a_run_that_can_be_reported(
    running: "tuple[subprocess.Popen[str], Path]",
) -> None:
    process, folder = running
    deadline = time.monotonic() + LIMIT_S
    # In the middle of a trial: supervisor, server and generator are there.
    while len(below := psutil.Process(process.pid).children(recursive=True)) < 3:
        assert time.monotonic() < deadline
    process.kill()
    assert not psutil.wait_procs(below, timeout=3)[1]
    ended = bench("report", str(folder))
    assert ended.returncode == 0, ended.stderr
    assert rows(folder)
