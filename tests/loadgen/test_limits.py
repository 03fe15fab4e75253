"""Limits of the machine: raised where they can be, named where not."""

import json
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from loadgen.plan import Load, Plan, PlanError, Target
from loadgen.ports import raise_descriptor_limit
from loadgen.recorder import COLUMN_BUDGET, Recorder, Reserve
from tests.support import few_ports
from tests.support.paths import ROOT

UNSHARE = ["unshare", "--net"]
# Counts by bucket and by step, beside the rows.
COUNTS_MAX = 16 * 1024 * 1024


def in_a_namespace(case: str) -> dict[str, Any]:
    """Return the digest of a case of `few_ports`, or skip the test."""
    if (
        shutil.which("unshare") is None
        or subprocess.run([*UNSHARE, "true"], check=False, stderr=subprocess.DEVNULL).returncode
    ):
        pytest.skip("no network namespace can be made here: it takes unshare, and root")
    ended = subprocess.run(
        [*UNSHARE, sys.executable, "-m", "tests.support.few_ports", case],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    if "tcp6" in case and ("Errno 97" in ended.stderr or "Errno 99" in ended.stderr):
        pytest.skip("there is no IPv6 here")
    assert ended.returncode == 0, ended.stderr
    digest: dict[str, Any] = json.loads(ended.stdout)
    return digest


@pytest.mark.parametrize("case", few_ports.SERVED)
def test_few_ports_break_no_connection_of_an_honest_server(case: str) -> None:
    digest = in_a_namespace(case)
    assert digest["errors"] == digest["mismatches"] == digest["not_connected"] == 0
    short = case.endswith("from one address") or case == "kept, tcp6"
    assert digest["shortages"]["counts"].keys() == ({"no-ports"} if short else set())
    if short:
        assert digest["shortages"]["detail"] == "Cannot assign requested address"
    else:
        assert min(digest["replies_per_connection"]) > 0


def test_that_case_has_more_connections_than_ports() -> None:
    assert few_ports.CONNECTIONS > few_ports.PORTS


@pytest.mark.parametrize("case", few_ports.NOBODY)
def test_a_socket_that_dials_itself_is_refused_and_nobody_answers(case: str) -> None:
    digest = in_a_namespace(case)
    if "churn" not in case and "udp" not in case:
        assert digest["refused"].endswith("no connection could be made: Connection refused")
        return
    assert digest["throughput_rps"] == 0
    assert digest["errors"] > 0
    assert {piece["detail"] for piece in digest["evidence"]} == {"Connection refused"}


def test_too_many_connections_name_the_limit_and_the_remedy() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        pytest.skip("there is no limit on open files here")
    with pytest.raises(PlanError, match=rf"hard limit is {hard}: raise it"):
        raise_descriptor_limit(hard)


@pytest.mark.parametrize("load", [Load(), Load(rate=100_000.0), Load(depth=16)])
@pytest.mark.parametrize("duration_s", [1.0, 600.0, 86_400.0])
def test_a_day_at_full_rate_takes_no_more_memory_than_a_short_load(
    monkeypatch: pytest.MonkeyPatch, load: Load, duration_s: float
) -> None:
    reserved: list[int] = []
    begin = Reserve.__init__

    def counted(reserve: Reserve, count: int) -> None:
        reserved.append(8 * count)
        begin(reserve, count)

    monkeypatch.setattr(Reserve, "__init__", counted)
    plan = Plan(Target.parse("127.0.0.1:9"), load, duration_s)
    Recorder(plan, load.connections, sends_as_intended=load.rate is None)
    # Address space is no memory, and all that could ever become memory is bounded.
    assert sum(reserved) <= COLUMN_BUDGET + COUNTS_MAX


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["closed", "open"])
def test_five_million_raw_samples_are_analysed_within_a_gibibyte(tmp_path: Path, kind: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.support.many_samples", str(tmp_path), "5000000", kind],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    found = json.loads(ended.stdout)
    assert found["samples"] == 5_000_000
    # Of the true distribution, an exponential of 300 µs: ln 100 means.
    assert found["p99_us"] == pytest.approx(300 * 4.605, rel=0.01)
    assert sum(found["replies"]) == 5_000_000
    assert found["peak_mib"] <= 1024
