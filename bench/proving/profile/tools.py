"""The programs that look into a server: how each is called, and what it says, as values."""

import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.proving.profile.result import parse

# Samples a second: a number that no timer of a server's has, so that the two do not keep step.
HZ = 497
# A line of `strace -c`: share, seconds, time per call, calls, errors if there were any, name.
COUNTED = re.compile(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", re.M)
# The line number behind a function; a loop of ten lines is one function.
LINE = re.compile(r":\d+\)$")
LIMIT_S = 60


@dataclass(frozen=True)
class Tool:
    """A program that looks at running processes until it is interrupted.

    name: of the program; words: what it is called with, for processes (the first is the server's
        own, the others are all below the supervisor) and a file for what it finds
    read: what the file holds, by stack or by call, and how often
    """

    name: str
    words: Callable[[Sequence[int], Path], list[str]]
    read: Callable[[Path], dict[str, int]]

    @property
    def path(self) -> str | None:
        """Return where the program is; None if it is not on PATH."""
        return shutil.which(self.name)


def _spy(pids: Sequence[int], out: Path) -> list[str]:
    words = ["record", "--format", "raw", "--output", str(out), "--rate", str(HZ)]
    return [*words, "--duration", "3600", "--subprocesses", "--pid", str(pids[0])]


def _spied(out: Path) -> dict[str, int]:
    found: dict[str, int] = {}
    for stack, count in parse(out.read_text(errors="replace")).items():
        frames = (LINE.sub(")", frame) for frame in stack.split(";"))
        name = ";".join(frame for frame in frames if not frame.startswith("process "))
        found[name] = found.get(name, 0) + count
    return found


def _perf(pids: Sequence[int], out: Path) -> list[str]:
    each = ",".join(map(str, pids))
    return ["record", "-F", str(HZ), "-g", "-o", str(out), "-p", each]


def _perfed(out: Path) -> dict[str, int]:
    program = shutil.which("perf") or "perf"
    words = [program, "script", "-i", str(out), "-F", "comm,ip,sym"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=LIMIT_S, check=True)
    return collapsed(done.stdout)


def collapsed(script: str) -> dict[str, int]:
    """Return the stacks of `perf script`: samples apart by an empty line, the innermost first."""
    found: dict[str, int] = {}
    for sample in script.split("\n\n"):
        name, *frames = sample.strip().splitlines() or [""]
        symbols = [frame.strip().partition(" ")[2] or "unknown" for frame in frames]
        if symbols:
            stack = ";".join([name.strip(), *(each.replace(";", ",") for each in symbols[::-1])])
            found[stack] = found.get(stack, 0) + 1
    return found


def _strace(pids: Sequence[int], out: Path) -> list[str]:
    attached = [word for pid in pids for word in ("-p", str(pid))]
    return ["-c", "-f", "-o", str(out), *attached]


def _straced(out: Path) -> dict[str, int]:
    return counted(out.read_text(errors="replace"))


def counted(table: str) -> dict[str, int]:
    """Return how often each system call was made, from the table of `strace -c`."""
    rows = COUNTED.findall(table)
    return {name: int(calls) for calls, name in rows if name != "total"}


# What takes stacks, the one that knows Python first; and what counts system calls.
SAMPLERS = (Tool("py-spy", _spy, _spied), Tool("perf", _perf, _perfed))
COUNTER = Tool("strace", _strace, _straced)
