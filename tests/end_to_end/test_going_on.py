"""A run that goes on runs nothing that is not of this tree unless somebody has seen it."""

import dataclasses
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bench.model.header import ServerEntry
from bench.model.server import EventLoop
from bench.plan.restore import brought
from bench.store import run_folder
from loadgen.exits import Exit
from tests.support import synthetic
from tests.support.paths import ROOT

LIMIT_S = 60


def run_with(folder: Path, **entry: Any) -> None:
    """Write a run whose header names a server of somebody's."""
    run = synthetic.run(folder, synthetic.EIGHT[:1], [synthetic.ONE], 1)
    document = json.loads(msgspec.json.encode(run.header))
    document["config"]["servers"].append({"name": "mine"} | entry)
    run_folder.write(folder / "run.json", json.dumps(document))


def going_on(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "bench", "run", *words, str(folder)],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def harmful(folder: Path) -> tuple[dict[str, str], Path]:
    """Return a file of a server that leaves a trace when it is run, and the trace."""
    trace = folder / "trace"
    program = folder / "program"
    program.write_text(f"#!/bin/sh\ntouch {trace}\n")
    program.chmod(0o755)
    return {"program": str(program), "outside": str(folder / "mine.py")}, trace


ENTRIES: dict[str, Callable[[dict[str, str]], dict[str, Any]]] = {
    "a command": lambda made: {"command": f"{made['program']} {{port}}"},
    "an interpreter": lambda made: {"source": "servers/x.py", "python_words": [made["program"]]},
    "a file elsewhere": lambda made: {"source": made["outside"]},
    "a file by a way around": lambda made: {"source": f"servers/../../..{made['outside']}"},
    "a file of the tree that is no server": lambda made: {"source": "results/x/evil.py"},
    "an event loop": lambda made: {"loop": {"factory": "evil:loop", "style": "streams"}},
}


@pytest.mark.parametrize("verb", ["--resume", "--add"])
@pytest.mark.parametrize("entry", ENTRIES)
def test_without_a_terminal_it_is_one_line_and_nothing_runs(
    entry: str, verb: str, tmp_path: Path
) -> None:
    made, trace = harmful(tmp_path)
    run_with(tmp_path / "run", **ENTRIES[entry](made))
    ended = going_on(tmp_path / "run", verb)
    assert ended.returncode == Exit.BAD_INPUT
    assert ended.stderr.startswith(f"error: {tmp_path / 'run'}: would run what is not of this tree")
    assert ended.stderr.endswith("add --yes if it shall be run\n")
    assert ended.stderr.count("\n") == 1
    assert not trace.exists()


def test_with_yes_it_goes_on_as_far_as_it_can(tmp_path: Path) -> None:
    made, _ = harmful(tmp_path)
    run_with(tmp_path / "run", **ENTRIES["a command"](made))
    ended = going_on(tmp_path / "run", "--yes", "--resume")
    assert ended.returncode == Exit.BAD_INPUT
    assert "would run" not in ended.stderr
    # Made, not measured: it gets as far as what it does not say.
    assert ended.stderr.endswith("start a new run\n")


@pytest.mark.parametrize("answer", ["n", "y"])
def test_on_a_terminal_it_is_shown_and_asked(answer: str, tmp_path: Path) -> None:
    made, trace = harmful(tmp_path)
    run_with(tmp_path / "run", command=f"{made['program']} \x1b[2J\u202e {{port}}")
    ours, its = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "bench", "run", "--resume", str(tmp_path / "run")],
        stdin=its,
        stdout=its,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        os.close(its)
        shown = b""
        while b"run it?" not in shown:
            shown += os.read(ours, 4096)
        os.write(ours, f"{answer}\n".encode())
        _, errors = process.communicate(timeout=LIMIT_S)
    os.close(ours)
    assert b"mine: the command " in shown
    assert b"\x1b[2J" not in shown
    assert "\u202e" not in shown.decode()
    assert process.returncode == Exit.BAD_INPUT
    assert ("nothing of it was run" in errors) == (answer == "n")
    assert not trace.exists()


def test_what_is_of_the_tree_needs_no_question() -> None:
    plain = ServerEntry("a", source="servers/stream/blocking.py")
    assert brought(plain) == []
    assert brought(ServerEntry("native", family="native", source="servers/native/echo")) == []
    assert brought(dataclasses.replace(plain, loop=EventLoop("uvloop:new_event_loop", "x"))) == []
    assert brought(dataclasses.replace(plain, source="\0")) == ["the file \0"]
