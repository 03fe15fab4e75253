"""`bench demo` with real servers: in a pipe, on a terminal, ended by Ctrl-C, asked for nonsense."""

import contextlib
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.paths import ROOT

DEMO = [sys.executable, "-m", "bench", "demo"]
LIMIT_S = 60


def environment(folder: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(folder), "TERM": "xterm"}


def demo(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*DEMO, *words],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        env=environment(folder),
        check=False,
    )


@contextlib.contextmanager
def going_on(folder: Path, output: int) -> Iterator["subprocess.Popen[bytes]"]:
    """Yield a demonstration that goes on for long; it is ended at the end of the block."""
    words = [*DEMO, "--clients", "4", "--seconds", "600"]
    with subprocess.Popen(words, stdout=output, env=environment(folder)) as process:
        try:
            yield process
        finally:
            process.kill()


def test_without_a_terminal_it_is_a_line_a_turn_and_two_at_the_end(tmp_path: Path) -> None:
    ended = demo(tmp_path, "--clients", "5", "--seconds", "1")
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = ended.stdout.splitlines()
    turns = [each for each in lines if "% " not in each and " requests/s, p50 " in each]
    assert {each.partition(":")[0] for each in turns} == {"blocking", "thread-per-client"}
    assert [each for each in turns if "1 of 5 answered" in each]
    assert [each for each in turns if "5 of 5 answered" in each]
    assert lines[len(turns) + 1] == "blocking answered 1 of 5 clients, thread-per-client 5."
    assert "\x1b" not in ended.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("when", [b"under way", b"answered"])
@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_it_and_leaves_nothing(
    which: signal.Signals, when: bytes, tmp_path: Path
) -> None:
    with going_on(tmp_path, subprocess.PIPE) as process:
        assert process.stdout is not None
        while when not in process.stdout.readline():
            assert process.poll() is None
        below = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(which)
        told, _ = process.communicate(timeout=LIMIT_S)
        assert process.returncode == 130
        assert b"not measured" not in told
        assert not psutil.wait_procs(below, timeout=10)[1]
    assert not list(tmp_path.iterdir())


def test_on_a_terminal_both_are_drawn_over(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    with going_on(tmp_path, theirs) as process:
        os.close(theirs)
        seen = b""
        while seen.count(b"of 4 answered") < 3:
            seen += os.read(ours, 65536)
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(OSError):  # nobody writes any more
            while piece := os.read(ours, 65536):
                seen += piece
        assert process.wait(LIMIT_S) == 130
    os.close(ours)
    text = seen.decode()
    assert "╭─" in text
    assert "100 ms a column" in text
    assert "\x1b[?25h" in text  # the cursor is shown again


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["blocking", "blocking"], "name two servers that differ"),
        (["asyncio"], "names several"),
        (["blocking", "nothing"], "nothing"),
        (["--seconds", "0"], "--seconds 0: give from 1 to 3600"),
        (["--seconds", "nan"], "--seconds nan: give from 1 to 3600"),
        (["--clients", "0"], "connections"),
    ],
)
def test_nonsense_is_one_line(words: list[str], message: str, tmp_path: Path) -> None:
    ended = demo(tmp_path, *words)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert message in ended.stderr


def test_a_server_that_fails_is_told_of_and_not_compared(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text('"""Ends at once."""\nFAMILY = "x"\n\n\ndef serve(a, b):\n    1 / 0\n')
    (tmp_path / "tmp").mkdir()
    ended = demo(tmp_path / "tmp", str(broken), "blocking", "--clients", "1", "--seconds", "1")
    assert ended.returncode == 0
    assert "ZeroDivisionError" in ended.stdout
    assert "broken, failed: " in ended.stdout
    assert "Right first, then fast" in ended.stdout
