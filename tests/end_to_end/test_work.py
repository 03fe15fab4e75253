"""Work beside the echo, of servers under load: what is known of it must be reported."""

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bench.host import pace
from bench.launch.launcher import Server
from bench.model.server import ServerSpec
from loadgen import fleet
from loadgen.plan import Load
from loadgen.result import Result
from servers import discovery
from tests.support import machine
from tests.support.known import known
from tests.support.paths import ROOT, TESTS

WAIT_US = 5000.0
SLEEPS = 101


def driven(
    spec: ServerSpec, load: Load, kind: str, us: float, marked: float = 1.0, seconds: float = 1.0
) -> Result:
    """Put a load on a server that is asked for work."""
    fair = machine.allotment()
    amount = us / 1e6
    if kind != "wait":
        (measured,) = pace.measured_out([(kind, us)], None, fair.cpus[0])
        amount = measured.count
    fair = replace(fair, work={"kind": kind, "amount": amount}, pool_size=8)
    with Server(spec, "tcp", fair) as server:
        plan = machine.plan(server, load, seconds, warmup_s=0.2)
        return fleet.run(replace(plan, marked=marked))


def sleeps_us() -> float:
    """Return what a sleep of `WAIT_US` takes here."""
    took = []
    for _ in range(SLEEPS):
        began = time.perf_counter()
        time.sleep(WAIT_US / 1e6)
        took.append((time.perf_counter() - began) * 1e6)
    return sorted(took)[SLEEPS // 2]


WAITERS = [
    *("blocking", "thread-per-client", "process-pool", "selectors-default", "busy-poll"),
    *("asyncio-streams", "asyncio-protocol", "asyncio-buffered", "asyncio-sockets"),
    *("uvloop-protocol", "uvloop-streams", "asyncio-to-thread", "asyncio-process-pool"),
    *("gevent", "trio", "anyio", "tornado", "twisted"),
]


@pytest.mark.parametrize("name", WAITERS)
def test_a_wait_takes_as_long_as_it_says(name: str) -> None:
    result = driven(machine.variant(name), Load(connections=1), "wait", WAIT_US, seconds=0.6)
    # A loop's timers count in milliseconds; a thread's are as fine as a sleep here.
    assert known(result.response_us.p50) >= WAIT_US
    assert known(result.response_us.p50) < 1.5 * max(WAIT_US, sleeps_us()) + 1000


@pytest.mark.parametrize("name", ["thread-per-client", "asyncio-streams", "uvloop-protocol"])
def test_waits_of_many_clients_run_side_by_side(name: str) -> None:
    result = driven(machine.variant(name), Load(connections=20), "wait", WAIT_US)
    assert result.throughput_rps > 5 * 1e6 / WAIT_US


def test_a_blocking_server_waits_for_one_after_the_other() -> None:
    result = driven(machine.variant("blocking"), Load(connections=5), "wait", WAIT_US)
    assert result.throughput_rps <= 1e6 / WAIT_US


@pytest.mark.parametrize("name", ["thread-per-client", "asyncio-protocol", "selectors-default"])
def test_work_with_the_gil_bounds_what_one_process_can_answer(name: str) -> None:
    result = driven(machine.variant(name), Load(connections=8), "spin", 1000.0)
    # Counted out at a pace that the CPU may have raised since.
    assert result.throughput_rps < 1.5e3


@pytest.mark.parametrize("rate", [None, 300.0])
def test_the_two_classes_of_a_mixture_are_told_apart(rate: float | None) -> None:
    load = Load(connections=8, rate=rate)
    result = driven(machine.variant("asyncio-to-thread"), load, "wait", 20_000, marked=0.1)
    light, heavy = known(result.light), known(result.heavy)
    assert known(heavy.response_us.p50) >= 20_000
    assert known(light.response_us.p50) < 10_000
    assert light.samples + heavy.samples == result.samples
    assert heavy.samples == pytest.approx(0.1 * result.samples, rel=0.5)
    assert result.mismatches == result.errors == 0


def test_a_server_that_swaps_the_classes_is_noticed() -> None:
    path = TESTS / "defects" / "stream" / "swaps_work.py"
    variant = discovery.read(path)
    spec = ServerSpec(variant.name, variant.family, variant)
    result = driven(spec, Load(connections=8), "wait", 20_000, marked=0.1)
    assert known(known(result.light).response_us.p50) >= 20_000
    assert known(known(result.heavy).response_us.max) < 20_000


def test_an_open_loop_with_work_has_one_request_in_flight_on_a_connection() -> None:
    """Half as much again as two connections can carry: requests would reach a server together."""
    load = Load(connections=2, rate=600.0)
    result = driven(machine.variant("asyncio-streams"), load, "wait", WAIT_US, seconds=1.0)
    assert result.throughput_rps <= 2e6 / WAIT_US * 1.02
    assert result.mismatches == result.errors == 0
    # What a request waits for its connection counts.
    assert known(result.response_us.p50) > 4 * known(result.service_us.p50)


def bench(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "bench", "run", *words],
        capture_output=True,
        text=True,
        timeout=100,
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "150", "PYTHONPATH": str(ROOT)},
        check=False,
    )


def rows(folder: Path) -> dict[tuple[str, str], dict[str, str]]:
    with (folder / "summary.csv").open() as file:
        return {(row["workload"], row["server"]): row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run with work, a mixture, and servers that cannot or do not do it."""
    folder = tmp_path_factory.mktemp("work") / "run"
    foreign = ROOT / "tests" / "support" / "foreign.py"
    swaps = TESTS / "defects" / "stream" / "swaps_work.py"
    done = bench(
        *("--suite", "quick", "--connections", "4", "--duration", "0.4", "--warmup", "0.1"),
        *("--trials", "2", "--aa", "none", "--out", str(folder)),
        *("--servers", f"asyncio-protocol asyncio-to-thread mine {swaps}"),
        *("--command", f"mine='{sys.executable}' {foreign} {{host}} {{port}}"),
        *("--work", "none,spin:50us,wait:5ms,wait:20ms@10%"),
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_a_run_keeps_both_classes_and_their_axes(measured: Path) -> None:
    row = rows(measured)["kept-wait:20ms@10%", "asyncio-protocol"]
    assert (row["work"], row["work_share"]) == ("wait:20ms", "0.1")
    assert float(row["heavy_p50_us"]) >= 20_000 > float(row["light_p50_us"])
    plain = rows(measured)["kept-none", "asyncio-protocol"]
    assert plain["work"] == plain["work_share"] == plain["light_p99_us"] == ""
    trials = [json.loads(line) for line in (measured / "trials.jsonl").read_text().splitlines()]
    kept = list((measured / "samples").glob("*.npz"))
    # A block that was disturbed is measured again, in the same places.
    places = {(each["block"], each["position"]) for each in trials if each["result"] is not None}
    assert len(kept) == len(places) > 0


def test_who_cannot_be_asked_is_not_measured_and_who_does_nothing_is_named(measured: Path) -> None:
    verdicts = {where: row["verdict"] for where, row in rows(measured).items()}
    for workload in ("kept-spin:50us", "kept-wait:5ms", "kept-wait:20ms@10%"):
        assert verdicts[workload, "mine"] == "not measured"
        assert verdicts[workload, "swaps-work"] == "no-work"
    assert verdicts["kept-none", "mine"] != "not measured"
    assert "cannot be told" in (measured / "report.md").read_text()


def test_work_on_the_cpu_is_measured_out_once_and_looked_at_again(measured: Path) -> None:
    (amount,) = json.loads((measured / "run.json").read_text())["calibration"]["amounts"]
    assert (amount["kind"], amount["us"], amount["python"]) == ("spin", 50, "")
    assert amount["count"] > 10
    assert amount["at_end_us"] > 0


def test_work_is_measured_out_under_each_interpreter(tmp_path: Path) -> None:
    done = bench(
        *("--suite", "quick", "--connections", "2", "--duration", "0.1", "--warmup", "0.05"),
        *("--trials", "1", "--aa", "none", "--budget", "0", "--work", "spin:50us,wait:1ms"),
        *("--servers", "selectors-default other:selectors-default"),
        *("--python", f"other='{sys.executable}'", "--out", str(tmp_path / "run")),
    )
    assert done.returncode == 0, done.stderr
    amounts = json.loads((tmp_path / "run" / "run.json").read_text())["calibration"]["amounts"]
    assert [each["python"] for each in amounts] == ["", "other"]
    assert all(each["at_end_us"] for each in amounts)


def test_the_report_has_the_charts_of_work(measured: Path) -> None:
    names = {path.stem for path in (measured / "charts").glob("*.svg")}
    for kind in ("classes", "work", "work-cpu", "work-tail"):
        assert any(name.startswith(kind) for name in names), names
    page = (measured / "report.html").read_text()
    assert "Light requests beside heavy ones" in page
    assert "light p99" in page


def test_the_ends_of_a_run_that_goes_on_have_its_counts(measured: Path) -> None:
    before = json.loads((measured / "run.json").read_text())["calibration"]["amounts"]
    done = bench("--add", str(measured), "--trials", "1", "--yes")
    assert done.returncode == 0, done.stderr
    after = json.loads((measured / "run.json").read_text())["calibration"]["amounts"]
    assert [each["count"] for each in after] == [each["count"] for each in before]


BAD: Sequence[tuple[str, ...]] = (
    ("--work", "sleep:1ms"),
    ("--work", "spin:0us"),
    ("--work", "spin:-1us"),
    ("--work", "spin:1h"),
    ("--work", "wait:3600s"),
    ("--work", "spin:1ms@0%"),
    ("--work", "spin:1ms@101%"),
    ("--work", "spin:1ms@1%", "--payload", "1"),
    ("--work", "spin:1ms", "--payload", "100000"),
    ("--work", "spin:1ms", "--depth", "4"),
    ("--work", "spin:1ms", "--transport", "udp"),
    ("--work", ""),
    ("--hog", "wait"),
    ("--switch-interval", "0"),
)


@pytest.mark.parametrize("words", BAD, ids=" ".join)
def test_bad_input_is_one_line(words: tuple[str, ...]) -> None:
    done = bench(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
