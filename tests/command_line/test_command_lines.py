"""Command lines and files that make no sense: one line, status 2, at once."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.cli import main
from loadgen.exits import Exit
from tests.support.paths import ROOT

# What people wait for an answer of that kind; the slowest takes a tenth of it here. Of this
# process's own time: others may hold it up.
LIMIT_S = 2.0
LONG = "x" * 300

# Says that a command line is refused, with these words in the line.
Refused = Callable[[list[str], str], str]


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Return what runs the command line in this process, and checks that it ends in one line."""
    monkeypatch.chdir(ROOT)

    def run(words: list[str], told: str) -> str:
        monkeypatch.setattr(sys, "argv", ["bench", *words])
        begun_s = time.process_time()
        status = main.guarded()
        assert time.process_time() - begun_s < LIMIT_S
        _, errors = capsys.readouterr()
        assert status == Exit.BAD_INPUT, errors
        assert errors.startswith("error: ")
        assert told in errors
        assert errors.count("\n") == 1, errors
        return errors

    return run


def test_a_process_ends_with_that_line_and_status() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "bench", "run", "--rate", "kept"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (Exit.BAD_INPUT, "")
    assert ended.stderr == "error: --rate: 'kept' is not a number\n"


AXES = ("rate", "connections", "payload", "depth", "think-us", "idle", "pool-size", "max-in-flight")


@pytest.mark.parametrize("axis", AXES)
def test_kept_belongs_to_one_axis(axis: str, refused: Refused) -> None:
    refused(["run", f"--{axis}", "kept"], "'kept' is not a")


@pytest.mark.parametrize("cpus", ["0-9999999999", "0-", "5-3", "-1", "0,,1", "0--1", "", "0x1"])
def test_a_list_of_cpus(cpus: str, refused: Refused) -> None:
    refused(["run", "--server-cpus", cpus], "write CPUs such as 0-3,8")


ANSWERS = ("1", "[]", "{}", "null", '"3.12"', '{"version": 3}', '{"version": "3.x"}', "[" * 5000)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer[:20])
def test_an_interpreter_that_is_none(answer: str, tmp_path: Path, refused: Refused) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\n")
    program.chmod(0o755)
    refused(["run", "--python", f"p={program}"], "does not answer as a Python")


def test_an_interpreter_with_an_open_quote(refused: Refused) -> None:
    refused(["run", "--python", 'p="'], "--python p: No closing quotation")


FILES = {
    "a list in a set": ("{[]}", "FAMILY must be a literal str"),
    "minus signs": ("-" * 200_000 + "1", "nested too deeply"),
    "digits": ("9" * 6000, "not valid Python"),
    "a NUL": ("'\0'", "not valid Python"),
}


@pytest.mark.parametrize("verb", [["run", "--servers"], ["check"], ["serve"]], ids=" ".join)
@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_server(
    name: str, verb: list[str], tmp_path: Path, refused: Refused
) -> None:
    value, words = FILES[name]
    path = tmp_path / "mine.py"
    path.write_text(
        f'"""Mine."""\nFAMILY = {value}\n\n\ndef serve(listener, settings):\n    pass\n'
    )
    refused([*verb, str(path)], words)


NUMBERS = list(range(1, 1001))
SUITES = {
    "brackets": ("servers = " + "[" * 5000, "brackets within each other"),
    "digits": ('servers = ["blocking"]\ntrials = ' + "9" * 5000, "cannot be read: Exceeds"),
    "a million cells": (
        f'servers = ["*"]\n[workloads.a]\nconnections = {NUMBERS}\npayload = {NUMBERS}',
        "the axes span 1,000,000 workloads",
    ),
    "ten million trials": (
        f'servers = ["blocking"]\ntrials = 10000\n[workloads.a]\npayload = {NUMBERS}',
        "10,000,000 trials: ask for 1,000,000 at most",
    ),
    "a mebibyte": ("#" * (1 << 20) + "\n", "longer than 1,048,576 bytes"),
}


@pytest.mark.parametrize("name", SUITES)
def test_a_suite_that_is_none(name: str, tmp_path: Path, refused: Refused) -> None:
    text, words = SUITES[name]
    path = tmp_path / "mine.toml"
    path.write_text(text)
    aa = [] if name == "brackets" else ["--aa", "none"]
    refused(["run", "--suite", str(path), *aa], words)


def test_a_suite_without_an_end(refused: Refused) -> None:
    refused(["run", "--suite", "/dev/zero"], "no plain file")


@pytest.fixture
def circle(tmp_path: Path) -> str:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    return str(tmp_path / "a")


PLACES = (
    *("report", "open", "export", "compare {} {}", "run --resume", "run --add", "run --suite"),
    *("run --out", "run --servers", "serve", "check"),
)


@pytest.mark.parametrize("verb", PLACES)
def test_a_circle_of_links(verb: str, circle: str, refused: Refused) -> None:
    words = verb.format(circle, circle).split() if "{" in verb else [*verb.split(), circle]
    refused(words, circle)


@pytest.mark.parametrize("verb", [*PLACES, "new-server"])
def test_a_name_that_is_too_long(verb: str, refused: Refused) -> None:
    words = verb.format(LONG, LONG).split() if "{" in verb else [*verb.split(), LONG]
    refused(words, LONG[:100])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("", "--slo is missing"),
        ("--slo p99<5", "write a percentile and a time with its unit"),
        ("--slo p101<5ms", "write a percentile"),
        ("--slo p99<5ms --slo p99<6ms", "p99 has two limits"),
        ("--slo p99<5ms --rate 100", "--rate: the search finds it"),
        ("--slo p99<5ms --minutes 0", "--minutes 0: give from"),
        ("--slo p99<5ms --until 0%", "0%"),
        ("--slo p99<5ms --suite default", "workload churn offers a rate"),
        ("--slo p99<5ms --depth 4", "drop --depth and --think-us"),
        ("--slo p99<5ms --servers nosuch", "nosuch"),
    ],
)
def test_a_search_that_makes_no_sense(words: str, told: str, refused: Refused) -> None:
    refused(["capacity", *words.split()], told)


def test_a_machine_without_a_browser(monkeypatch: pytest.MonkeyPatch, refused: Refused) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    refused(["open", "results/reference"], "open it by hand")


def test_more_trials_than_a_run_can_have(refused: Refused) -> None:
    refused(["run", "--add", "results/reference", "--trials", "999999999"], "--trials is 9999")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["run", "--nosuch"], "No such option: --nosuch"),
        (["nosuch"], "No such command 'nosuch'"),
        (["new-server"], "Missing argument"),
        (["run", "--duration", "long"], "Invalid value for '--duration'"),
    ],
)
def test_usage_is_a_line_that_names_the_help(words: list[str], line: str, refused: Refused) -> None:
    assert "--help`" in refused(words, line)


PIPES = {"--suite": "no plain file", "--servers": "there is no such file"}


@pytest.mark.parametrize("option", PIPES)
def test_a_pipe_that_nobody_writes_into(option: str, tmp_path: Path, refused: Refused) -> None:
    pipe = tmp_path / "pipe.py"
    os.mkfifo(pipe)
    refused(["run", option, str(pipe)], PIPES[option])


@pytest.mark.parametrize("after_s", [0.05, 0.1, 0.2, 0.3])
def test_ctrl_c_while_it_imports_shows_no_traceback(after_s: float) -> None:
    started = subprocess.Popen(
        [sys.executable, "-m", "bench", "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with contextlib.suppress(subprocess.TimeoutExpired):
        started.wait(after_s)
    started.send_signal(signal.SIGINT)
    _, told = started.communicate(timeout=60)
    assert b"Traceback" not in told or b"site.py" in told


def test_options_that_would_be_ignored(refused: Refused) -> None:
    refused(["run", "--provision", "--servers", "blocking"], "name one (--python)")
    refused(["history", "results/reference", "--json", "--markdown"], "choose one")


def test_a_program_that_is_none(tmp_path: Path, refused: Refused) -> None:
    refused(["run", "--python", f"x={tmp_path}"], "is a folder")
    refused(["run", "--python", "x="], "names no program")


def test_a_stream_server_is_not_checked_over_datagrams(refused: Refused) -> None:
    refused(
        ["check", "servers/stream/thread_pool.py", "--transport", "udp"],
        "serves tcp, unix, not udp",
    )
