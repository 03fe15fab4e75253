"""Limits of the machine: raised where they can be, named where not."""

import json
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from loadgen.plan import Load, Plan, PlanError, Target
from loadgen.recorder import COLUMN_BUDGET, Recorder
from loadgen.sockets import raise_descriptor_limit
from tests import few_ports

ROOT = Path(__file__).parent.parent
UNSHARE = ["unshare", "--net"]


def test_sources_are_spread_over_loopback_where_one_address_has_too_few_ports() -> None:
    if (
        shutil.which("unshare") is None
        or subprocess.run([*UNSHARE, "true"], check=False).returncode
    ):
        pytest.skip("no network namespace can be made here: it takes unshare, and root")
    ended = subprocess.run(
        [*UNSHARE, sys.executable, "-m", "tests.few_ports"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    digest = json.loads(ended.stdout)
    assert few_ports.CONNECTIONS > few_ports.PORTS
    assert digest["not_connected"] == digest["errors"] == digest["connections_without_reply"] == 0
    assert min(digest["replies_per_connection"]) > 0


def test_too_many_connections_name_the_limit_and_the_remedy() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        pytest.skip("there is no limit on open files here")
    with pytest.raises(PlanError, match=rf"hard limit is {hard}: raise it"):
        raise_descriptor_limit(hard)


@pytest.mark.parametrize("load", [Load(), Load(rate=100_000.0), Load(depth=16)])
def test_ten_minutes_at_full_rate_take_no_more_memory_than_a_short_load(load: Load) -> None:
    recorder = Recorder(Plan(Target.parse("127.0.0.1:9"), load, 600.0), load.connections)
    assert not recorder.raw
    columns = (recorder.intended, recorder.sent, recorder.received, recorder.slot)
    counts = (recorder.response, recorder.service, recorder.lag, recorder.series)
    assert sum(len(column) * 8 for column in (*columns, *counts)) <= COLUMN_BUDGET


@pytest.mark.slow
def test_five_million_raw_samples_are_analysed_within_a_gibibyte(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.many_samples", str(tmp_path), "5000000"],
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
