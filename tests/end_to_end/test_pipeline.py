"""The workflow of docs/ci.md: its steps are run in order, with stand-ins for what is a service."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

STEP = re.compile(
    r"^      - (?:name: (?P<name>[^\n]+)\n(?P<body>(?:        [^\n]*\n)+))", re.MULTILINE
)
# A comment is written down, and the set-up is this tree's own environment.
GH = """#!/bin/sh
while [ "$1" != --body-file ]; do shift; done
cp "$2" comment.md
"""
# What a pull request may bring.
UPPER = '''"""Echo in upper case."""

import socket
import threading

from servers.api import Settings

FAMILY = "thread-per-client"


def talk(client: socket.socket) -> None:
    with client:
        while data := client.recv(65536):
            client.sendall(data.upper())


def serve(listener: socket.socket, settings: Settings) -> None:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=talk, args=(client,), daemon=True).start()
'''
SHORTER = ("--minutes 5", "--minutes 0.1 --duration 0.2 --warmup 0.05")


def steps() -> dict[str, str]:
    """Return what each step of the workflow runs, by its name."""
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    workflow = text.split("```yaml\n")[1].split("```")[0]
    found = {}
    for step in STEP.finditer(workflow):
        lines = step["body"].split("run:")[1].removeprefix(" |").strip("\n").splitlines()
        found[step["name"]] = "\n".join(line.strip() for line in lines)
    return found


def run(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    line = line.replace(*SHORTER)
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-euc", line],
        cwd=folder,
        env=os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def checked_out(tmp_path: Path) -> Path:
    """What the workflow has after its checkouts: the server twice, and this project."""
    for name in ("base", "change"):
        (tmp_path / name).mkdir()
        shutil.copy(ROOT / "servers/stream/thread_per_client.py", tmp_path / name / "server.py")
    binaries = tmp_path / "bench/.venv/bin"
    binaries.mkdir(parents=True)
    (binaries / "bench").write_text(f'#!/bin/sh\nexec {sys.executable} -m bench "$@"\n')
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/gh").write_text(GH)
    for program in (binaries / "bench", tmp_path / "bin/gh"):
        program.chmod(0o755)
    return tmp_path


def test_the_workflow_checks_measures_judges_and_comments(checked_out: Path) -> None:
    commands = steps()
    assert list(commands) == ["set up", "hold it to the contract", "measure and judge", "comment"]
    held = run(checked_out, commands["hold it to the contract"])
    assert held.returncode == 0, held.stdout + held.stderr
    judged = run(checked_out, commands["measure and judge"])
    # The same server twice: that is no slower, or cannot be judged in so short a time.
    assert judged.returncode in (0, 3), judged.stdout + judged.stderr
    number = commands["comment"].replace("${{ github.event.number }}", "7")
    commented = run(checked_out, number)
    assert commented.returncode == 0, commented.stderr
    text = (checked_out / "comment.md").read_text(encoding="utf-8")
    assert "A, the baseline, is base" in text
    assert "| throughput |" in text


def test_a_change_that_breaks_the_echo_does_not_pass(checked_out: Path) -> None:
    (checked_out / "change/server.py").write_text(UPPER, encoding="utf-8")
    held = run(checked_out, steps()["hold it to the contract"])
    assert held.returncode == 1
    assert "It starts, but changes bytes" in held.stdout
