"""The load generator alone, as a command: how it ends, and with which status."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.launch.launcher import Allotment, Server
from bench.model.server import ServerSpec
from loadgen.exits import Exit
from servers.discovery import discover
from tests.support import machine
from tests.support.paths import ROOT, TESTS

LOADGEN = [sys.executable, "-m", "loadgen"]
LIMIT_S = 30
SERVER, GENERATOR = machine.split()


def serving(name: str, kind: str = "stream", *, defect: bool = False) -> Server:
    variant = (discover(TESTS / "defects") if defect else discover())[(kind, name)]
    transport = "udp" if kind == "datagram" else "tcp"
    spec = ServerSpec(name, "test", variant)
    return Server(spec, transport, Allotment((SERVER,), 4, grace_s=0.3))


def target(server: Server) -> str:
    assert not isinstance(server.address, str)
    host, port = server.address
    return f"{'udp:' if server.transport == 'udp' else ''}{host}:{port}"


def loadgen(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*LOADGEN, *words], capture_output=True, text=True, timeout=LIMIT_S, cwd=ROOT, check=False
    )


@pytest.mark.parametrize(
    "words",
    [
        ["127.0.0.1:9"],
        ["[::1]:9"],
        ["udp:127.0.0.1:9"],
        ["unix:/no/such/socket"],
        ["127.0.0.1:9", "--requests-per-connection", "1"],
        ["127.0.0.1:9", "--rate", "100"],
        ["127.0.0.1:9", "--depth", "4", "--processes", "2"],
    ],
    ids=" ".join,
)
def test_where_nobody_listens_it_stops_at_once(words: list[str]) -> None:
    ended = loadgen(*words, "--duration", "3600", "--json")
    assert ended.returncode == Exit.NOTHING
    assert ended.stdout == ""
    assert "no connection could be made: " in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize(("name", "words"), [("flipped-bit", "wrong"), ("never-answers", "no req")])
def test_figures_of_no_server_have_their_status(name: str, words: str) -> None:
    short = ["--duration", "0.2", "--warmup", "0.1", "--drain", "0.1", "--connections", "4"]
    with serving(name, defect=True) as server:
        ended = loadgen(target(server), *short)
    assert ended.returncode == Exit.NOTHING
    assert "replies/s" in ended.stdout
    assert words in ended.stderr.replace("mismatches", "wrong")


LOADS = {
    "closed": [],
    "deep": ["--depth", "4"],
    "open": ["--rate", "2000"],
    "churn": ["--requests-per-connection", "5"],
    "open churn": ["--requests-per-connection", "5", "--rate", "2000"],
    "two": ["--processes", "2"],
}


def stopped(
    words: list[str], server: Server, ready: Callable[[], bool], which: int
) -> tuple[int, str, str]:
    """Run a load for an hour, send it a signal once `ready`; return status and both outputs."""
    command = [
        *LOADGEN,
        target(server),
        "--connections",
        "4",
        "--duration",
        "3600",
        "--json",
        *words,
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        try:
            while not ready():
                assert process.poll() is None
            process.send_signal(which)
            out, errors = process.communicate(timeout=LIMIT_S)
        finally:
            process.kill()
    return process.returncode, out, errors


def served(server: Server, least_s: float) -> Callable[[], bool]:
    """Return a look at whether a server has worked for so long under load."""
    ticks = Path(f"/proc/{server.pid}/schedstat")
    begun = int(ticks.read_text().split()[0])
    return lambda: int(ticks.read_text().split()[0]) - begun > least_s * 1e9


@pytest.mark.parametrize("load", LOADS)
def test_ctrl_c_prints_what_was_measured(load: str) -> None:
    with serving("selectors-default") as server:
        words = ["--warmup", "0", *LOADS[load]]
        status, out, errors = stopped(words, server, served(server, 0.03), signal.SIGINT)
    assert status == Exit.INTERRUPTED, errors
    result = json.loads(out)
    assert 0.01 < result["window_s"] < LIMIT_S
    assert result["throughput_rps"] > 100
    assert not result["errors"] + result["mismatches"] + result["connections_without_reply"]
    # What fell due as the window closed was never sent, as at the end of any open loop.
    assert result["censored"] == result["unsent"] <= (20 if "--rate" in LOADS[load] else 0)
    if "--rate" in LOADS[load]:
        assert 0.5 < result["achieved_rps"] / 2000 < 1.5
        assert 0.5 < result["due"] / result["window_s"] / 2000 < 1.5
    assert "interrupted: " in errors


@pytest.mark.parametrize("words", [[], ["127.0.0.1:9", "--nosuch"], ["127.0.0.1:9", "--rate", "x"]])
def test_usage_is_a_line_that_names_the_help(words: list[str]) -> None:
    ended = loadgen(*words)
    assert (ended.returncode, ended.stdout) == (Exit.BAD_INPUT, "")
    assert ended.stderr.startswith("error: ")
    assert ended.stderr.endswith("see `python -m loadgen --help`\n")
    assert ended.stderr.count("\n") == 1


def test_a_value_of_another_kind_is_told_with_its_option() -> None:
    ended = loadgen("127.0.0.1:9", "--idle", "x")
    assert "Invalid value for '--idle'" in ended.stderr


def test_term_does_the_same_over_udp() -> None:
    with serving("selectors-default", "datagram") as server:
        status, out, errors = stopped(
            ["--warmup", "0"], server, served(server, 0.03), signal.SIGTERM
        )
    assert status == Exit.INTERRUPTED, errors
    assert json.loads(out)["throughput_rps"] > 100


def test_in_the_warm_up_there_is_nothing_to_print() -> None:
    with serving("selectors-default") as server:
        status, out, errors = stopped(
            ["--warmup", "3600"], server, served(server, 0.03), signal.SIGINT
        )
    assert (status, out) == (Exit.INTERRUPTED, "")
    assert "nothing was measured" in errors
    assert len(errors.splitlines()) == 1
