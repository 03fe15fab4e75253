"""Command lines made of what the programs say that they take: every sub-command, every option."""

import contextlib
import io
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import typer
from hypothesis import strategies as st

from bench.authoring import scaffold
from bench.cli import main, story
from bench.host.doctor import examine
from bench.launch.launcher import Server
from bench.proving import builds
from loadgen import __main__ as generator
from loadgen.exits import Exit
from loadgen.fleet import Fleet
from tests.support import synthetic

# What people wait for an answer. Of this process's own time: others may hold it up.
LIMIT_S = 2.0
# Of the clock: what waits for ever is found out by then, however slow the machine.
PATIENCE_S = 20
# What is in the folder that a command line is tried in.
RUN, PIPE, SUITE, VARIANT = "run", "pipe.py", "suite.toml", "mine.py"
ODD = (
    *("", " ", "-", "--", "0", "-1", "1", "00", "1.5", "1e9", "1e400", "nan", "-inf", "1_000"),
    *(
        "0x10",
        "\u0663",
        "\u00bd",
        "kept",
        "none",
        "common",
        "3%",
        "-3%",
        "101%",
        "2,3",
        ",",
        "1,,2",
    ),
    *("9" * 400, "x" * 300, "\x1b[31m", "x[/b]", ":smile:", "\u202e", "\udcff", "a\nb", "a b"),
    *("'", '"', "\\", "{", "{host", "*", "[", "~", "$HOME", "NAME=", "=x", "a=b", "a='b", "a:b"),
    *("vs", "true", "--help", "blocking", "udp", "\U0001f32a", "1ms", "5-3", "0-9999999999"),
)
PATHS = (RUN, PIPE, SUITE, VARIANT, ".", "..", "/", "/dev/null", "/dev/zero", "/proc/self/mem")
# What makes sense, so that a line comes as far as what looks at several options at once.
GOOD = {
    "suite": ("quick", "default", SUITE),
    "workloads": ("kept",),
    "servers": ("blocking", "asyncio", "selectors-*", f"./{VARIANT}", "a:blocking"),
    "server": ("blocking", "uvloop-protocol", f"./{VARIANT}"),
    "a": ("blocking", "uvloop-protocol", f"./{VARIANT}", "HEAD"),
    "b": ("blocking", "selectors-default", "mine-streams", "main"),
    "build": ("true", "exit 1"),
    "until": ("3%", "p99", "throughput,cpu"),
    "command": ("mine=./prog {host} {port}", "mine=./prog {path}", "mine=./prog"),
    "loop": ("mine=asyncio:new_event_loop", "mine=asyncio:nothing", "mine=asyncio"),
    "python": (f"p={sys.executable}", "p=/bin/true", "p=python3 -X dev"),
    "connections": ("1", "2,50", "100001"),
    "payload": ("1", "64,1048576", "70000"),
    "transport": ("tcp", "unix,udp", "tcp6"),
    "arrivals": ("constant",),
    "assignment": ("turns",),
    "generator_wait": ("sleep", "spin"),
    "rate": ("1000", "common", "0.1,5"),
    "target": ("127.0.0.1:1", "unix:/nowhere", "udp:127.0.0.1:1", "[::1]:1"),
    "form": ("md", "html", "json", "csv"),
}
# What may be made where it says.
MADE = ("out", "folder", "runs", "samples", "resume", "add")
NUMBERS = st.one_of(st.integers(), st.floats(), st.integers(0, 60)).map(str)


@dataclass(frozen=True)
class Program:
    """One of the two programs: its options, and what runs a command line of it."""

    name: str
    app: typer.Typer
    guarded: Callable[[], int]


PROGRAMS = {
    "bench": Program("bench", main.app, main.guarded),
    "loadgen": Program("python -m loadgen", generator.app, generator.guarded),
}


def commands() -> list[tuple[str, str, list[Any]]]:
    """Return program, sub-command and parameters of all there are."""
    found = []
    for key, program in PROGRAMS.items():
        top: Any = typer.main.get_command(program.app)
        for name, command in getattr(top, "commands", {"": top}).items():
            found.append((key, name, command.params))
    return found


def values(param: Any) -> st.SearchStrategy[str]:
    """Return what an option or an argument is tried with."""
    text = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=20)
    if param.name in MADE:
        # Nothing that is made lies outside the folder that it is tried in.
        return st.one_of(st.sampled_from(PATHS), text.filter(lambda t: "/" not in t))
    good = GOOD.get(param.name, ("1", "0.5", "7"))
    sensible = st.sampled_from(good)
    return st.one_of(sensible, sensible, st.sampled_from((*ODD, *PATHS)), NUMBERS, text)


@st.composite
def lines(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Draw a program and the words after its name."""
    # As often as a command has options: `bench run` has the most.
    weighted = [each for each in commands() for _ in range(1 + len(each[2]))]
    program, name, params = draw(st.sampled_from(weighted))
    words = [name] if name else []
    options = [param for param in params if param.param_type_name == "option"]
    for param in draw(st.lists(st.sampled_from(options), max_size=5)) if options else ():
        flag = draw(st.sampled_from(param.opts))
        if param.is_flag:
            words.append(flag)
        elif draw(st.booleans()):
            words += [flag, draw(values(param))]
        else:
            words.append(f"{flag}={draw(values(param))}")
    for param in params:
        if param.param_type_name == "argument":
            most = 3 if param.nargs == -1 else 1
            words += draw(st.lists(values(param), min_size=0, max_size=most))
    return program, words


def furnish(folder: Path) -> None:
    """Put into a folder what command lines name."""
    synthetic.run(folder / RUN, synthetic.EIGHT[:2], (synthetic.MANY,), 2)
    (folder / SUITE).write_text('servers = ["blocking"]\n[workloads.kept]\nconnections = 1\n')
    (folder / VARIANT).write_text('"""One."""\nFAMILY = "mine"\n\ndef serve(a, b): pass\n')
    os.mkfifo(folder / PIPE)


@contextlib.contextmanager
def without_work(folder: Path) -> Iterator[None]:
    """End a command line with status 0 as its work begins: a server, a load, a browser, a file."""
    begins = SystemExit(int(Exit.MEASURED))
    with (
        mock.patch.object(examine, "examine", side_effect=begins),
        mock.patch.object(story, "calibrated", side_effect=begins),
        mock.patch.object(builds, "built", side_effect=begins),
        mock.patch.object(Server, "__enter__", side_effect=begins),
        mock.patch.object(Fleet, "__enter__", side_effect=begins),
        mock.patch.object(scaffold, "STREAM", folder),
        mock.patch.dict("os.environ", {"BROWSER": "true"}),
        contextlib.chdir(folder),
    ):
        yield


class NoAnswer(BaseException):
    """A command line neither works nor ends; nothing catches this."""


@contextlib.contextmanager
def ends_in(seconds: int) -> Iterator[None]:
    """Interrupt what takes longer."""

    def give_up(*_: object) -> None:
        raise NoAnswer

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def redirected(
    program: str, words: list[str], out: io.StringIO, errors: io.StringIO
) -> Iterator[None]:
    """Let a program see these words, and hear what it prints."""
    with (
        mock.patch.object(sys, "argv", [program, *words]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(errors),
    ):
        yield


def complaint(program: str, words: list[str]) -> str:
    """Run a command line; return what is wrong with its answer, nothing if nothing is.

    Right is work, or one line that begins with `error:` and the status of bad input, in time.
    """
    out, errors = io.StringIO(), io.StringIO()
    begun_s = time.process_time()
    try:
        with ends_in(PATIENCE_S), redirected(program, words, out, errors):
            status = PROGRAMS[program].guarded()
    except NoAnswer as error:
        return "no answer: " + "".join(traceback.format_tb(error.__traceback__)[-4:])
    took_s, told = time.process_time() - begun_s, errors.getvalue()
    if status == Exit.DEFECT or "Traceback" in told:
        return f"a defect: {told[-2000:]}"
    if status not in set(Exit):
        return f"status {status}"
    if status == Exit.BAD_INPUT and "Usage:" not in told + out.getvalue():
        if not told.startswith("error: ") or told.count("\n") != 1 or len(told) < 12:
            return f"no line that says what was wrong: {told!r}"
        if took_s > LIMIT_S:
            return f"the answer took {took_s:.1f} s: {told}"
    return ""
