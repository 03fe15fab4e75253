"""`bench ab` on real servers: what is the same, what is slower, two commits, and why."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from loadgen.exits import Exit
from tests.support.paths import ROOT

LIMIT_S = 240
SHORT = ("--duration", "0.2", "--warmup", "0.05", "--connections", "4")
BUSY = str(ROOT / "tests" / "truth" / "busy_100us.py")
# A machine that others use is noisy: what should come out has so many attempts.
ATTEMPTS = 3


def bench(
    *words: str, cwd: Path, path: str = "", **variables: str
) -> "subprocess.CompletedProcess[str]":
    before = f"{path}{os.pathsep}" if path else ""
    own = {"PYTHONPATH": str(ROOT), "PATH": before + os.environ["PATH"]}
    own["XDG_CACHE_HOME"] = str(cwd.parent / "cache")
    return subprocess.run(
        [sys.executable, "-m", "bench", "ab", *words],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        cwd=cwd,
        env=os.environ | own | variables,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def decisions(ended: "subprocess.CompletedProcess[str]") -> dict[str, str]:
    assert ended.returncode == Exit.MEASURED, ended.stderr
    document: dict[str, Any] = json.loads(ended.stdout)
    return {each["figure"]: each["decision"] for each in document["findings"]}


def test_a_slower_server_is_shown_slower_and_can_be_pasted(tmp_path: Path) -> None:
    words = ("selectors-default", BUSY, "--minutes", "1", *SHORT, "--until", "throughput")
    for attempt in range(ATTEMPTS):
        out = tmp_path / f"run-{attempt}"
        ended = bench(*words, "--json", "--out", str(out), cwd=tmp_path)
        if decisions(ended)["throughput"] == "slower":
            break
    else:
        pytest.fail(ended.stdout)
    document = json.loads(ended.stdout)
    assert (out / "ab.json").read_text() == ended.stdout.rstrip("\n")
    found = {each["figure"]: each for each in document["findings"]}
    rate = found["throughput"]
    assert rate["ratio_lo"] <= rate["ratio"] <= rate["ratio_hi"] < 1
    assert set(found) == {"throughput", "p50", "p99", "cpu"}
    assert document["end"] == "decided"
    assert document["blocks"] >= 5
    assert document["a"]["name"] == "selectors-default"
    assert document["b"]["python"].startswith(("CPython", "PyPy"))
    pasted = (out / "ab.md").read_text()
    assert "B is slower in throughput (" in pasted
    assert "| throughput | " in pasted
    assert "`bench ab selectors-default " in pasted
    assert "B is slower in throughput" in (out / "ab.html").read_text()
    # A run folder like any other, and its report pays for the looks as well.
    assert json.loads((out / "run.json").read_text())["looks"] == document["looks"]
    assert document["looks"] == document["blocks"] - 4
    assert (out / "report.html").exists()


def test_a_gate_that_fires_is_the_status(tmp_path: Path) -> None:
    words = ("selectors-default", BUSY, "--minutes", "1", *SHORT, "--fail-if", "throughput < 0.9")
    for _ in range(ATTEMPTS):
        ended = bench(*words, cwd=tmp_path)
        if ended.returncode == Exit.GATE:
            break
    assert ended.returncode == Exit.GATE
    assert "failed: busy-100us (kept)" in ended.stdout


@pytest.mark.slow
def test_a_server_beside_itself_is_not_called_different(tmp_path: Path) -> None:
    """With a chance of one in twenty it is, and twice in three attempts hardly ever."""
    words = ("selectors-default", "selectors-default", "--minutes", "0.15", *SHORT, "--json")
    same = 0
    for _ in range(ATTEMPTS):
        found = decisions(bench(*words, cwd=tmp_path))
        same += set(found.values()) <= {"tied", "not shown", "not comparable"}
        if same == ATTEMPTS - 1:
            return
    pytest.fail(f"the same in {same} of {ATTEMPTS}")


WRONG = {
    "no such server": (("blocking", "nothing"), "server 'nothing': there is none"),
    "a family": (("blocking", "selectors-*"), "name one of them each"),
    "one by two names": (
        ("blocking", str(ROOT / "servers/stream/blocking.py")),
        "are the same server, blocking; write one name twice",
    ),
    "no time": (("blocking", "blocking", "--minutes", "0"), "--minutes 0: give from 0.05"),
    "no such figure": (("blocking", "blocking", "--until", "p42"), "--until p42: choose from"),
    "a gate on what is not looked at": (
        ("blocking", "blocking", "--fail-if", "memory > 1.1"),
        "gate on memory: ab looks at throughput",
    ),
    "references without a repository": (
        ("main", "HEAD", "--build", "true", "--servers", "blocking"),
        "is in no git repository",
    ),
    "a name without a build": (
        ("main", "HEAD", "--servers", "blocking"),
        "--servers blocking: is no file of the repository; say how a commit is built",
    ),
    "a build of nothing": (
        ("main", "HEAD", "--build", "true"),
        "--build: name what is measured at both references, with --servers",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_is_one_line(case: str, tmp_path: Path) -> None:
    words, line = WRONG[case]
    # Whatever holds the folder of the tests is no repository of this user's.
    ended = bench(*words, cwd=tmp_path, GIT_CEILING_DIRECTORIES=str(tmp_path.parent))
    assert ended.returncode == Exit.BAD_INPUT
    assert line in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert not (tmp_path / "results").exists()


FAKE = """#!{python}
import signal, sys
out = sys.argv[sys.argv.index({flag!r}) + 1]
def end(*_):
    open(out, "w").write({text!r})
    sys.exit(0)
signal.signal(signal.SIGINT, end)
while True:
    signal.pause()
"""
STACKS = 'process 7:"x";main (x.py:3);serve (x.py:9) 30\nmain (x.py:3);idle (x.py:20) 10\n'
TABLE = """% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 90.00    0.500000           2    900000       100 recvfrom
 10.00    0.050000           2    100000           sendto
------ ----------- ----------- --------- --------- ----------------
100.00    0.550000           2   1000000       100 total
"""


def fake(folder: Path, name: str, flag: str, text: str) -> None:
    """Put a program on a PATH that waits for its end and says what it is told to."""
    program = folder / name
    program.write_text(FAKE.format(python=sys.executable, flag=flag, text=text))
    program.chmod(0o755)


@pytest.mark.slow
def test_a_profile_says_why_in_the_page(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    fake(tools, "py-spy", "--output", STACKS)
    fake(tools, "strace", "-o", TABLE)
    out = tmp_path / "run"
    words = ("selectors-default", "blocking", "--connections", "1", "--minutes", "0.05")
    ended = bench(
        *(*words, "--duration", "0.2", "--profile", "--json", "--out", str(out)),
        cwd=tmp_path,
        path=str(tools),
    )
    assert ended.returncode == Exit.MEASURED, ended.stderr
    profile = json.loads(ended.stdout)["profile"]
    assert (profile["sampler"], profile["notes"]) == ("py-spy", [])
    assert profile["a"]["stacks"]["main (x.py);serve (x.py)"] == 30
    assert profile["b"]["calls"]["recvfrom"] == pytest.approx(9 * profile["b"]["calls"]["sendto"])
    page = (out / "ab.html").read_text()
    assert page.count('<svg class="flames"') == 2
    assert "<title>serve (x.py): 75.0%</title>" in page
    assert "| recvfrom | " in (out / "ab.md").read_text()


def test_without_tools_a_profile_is_a_note(tmp_path: Path) -> None:
    empty = tmp_path / "bin"
    empty.mkdir()
    ended = bench(
        *("blocking", "blocking", "--connections", "1", "--minutes", "0.05", "--duration", "0.2"),
        *("--profile", "--json"),
        cwd=tmp_path,
        PATH=str(empty),
    )
    assert ended.returncode == Exit.MEASURED, ended.stderr
    profile = json.loads(ended.stdout)["profile"]
    assert profile["sampler"] == ""
    assert [note.partition(":")[0] for note in profile["notes"]] == [
        "no CPU profile by py-spy",
        "no CPU profile by perf",
        "no system calls by strace",
    ]
