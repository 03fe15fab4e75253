"""The command line as a user meets it: bad input, what it explains, servers by hand."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bench.base import levels, limits
from bench.verdicts.checks import CHECKS
from tests.support.paths import ROOT

BENCH = [sys.executable, "-m", "bench"]


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


COLUMNS = (
    *("server", "family", "transport", "workload", "connections", "payload_bytes"),
    *("requests_per_connection", "offered_rps", "trials"),
    *("throughput_rps", "throughput_lo", "throughput_hi"),
    *("p50_us", "p90_us", "p99_us", "p999_us", "max_us", "send_lag_p99_us", "connect_p99_us"),
    *("cpu_us_per_request", "ctx_switches_per_request", "memory_mib"),
    *("effective_concurrency", "fairness_jain", "errors", "verdict"),
)


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
    numbers = bench("explain", "--limits").stdout
    for name in limits.TABLE | levels.TABLE:
        assert f"\n{name} " in numbers


def test_explain_says_what_one_verdict_means_and_why_a_server_has_its_own() -> None:
    one = bench("explain", "noisy")
    assert (one.returncode, one.stdout.count("Measure again on a quiet machine")) == (0, 1)
    of_run = bench("explain", "results/reference", "blocking")
    assert "kept-50: starved" in of_run.stdout
    for words in (["nothing"], ["results/reference", "nobody"], ["a", "b", "c"]):
        ended = bench("explain", *words)
        assert (ended.returncode, ended.stderr.count("\n")) == (2, 1), words


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
        (["--cpus", "0"], "cpus 0"),
        (["--cpus", "9999"], "the server's side has"),
        (["--base", "py314"], "--base py314: no server runs under it; choose own"),
        (["--python", f"own={sys.executable}"], "is what the harness's own is called"),
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
