"""A run folder of a stranger's, put through all that reads one: whether that does any harm."""

import contextlib
import hashlib
import io
import random
import re
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from bench.base.errors import UserError
from bench.cli import main
from bench.cli.results import REPORT_IT
from bench.report import charts
from bench.running import header, resume
from bench.store import identity, run_folder
from loadgen.exits import Exit
from loadgen.plan import PlanError
from tests.support import synthetic
from tests.support.hostile import KINDS

# What a small folder may take at most, on a machine that does other things as well.
LIMIT_S = 30.0
WORKLOADS = (synthetic.MANY, synthetic.CHURN, synthetic.OFFERED)


def sound(folder: Path) -> Path:
    """Write a small run with all its files and return its folder."""
    synthetic.run(folder, synthetic.EIGHT[:2], WORKLOADS[:2], 2)
    run("report", str(folder))
    run("export", str(folder))
    source = folder / "sources" / "servers" / "stream" / "blocking.py"
    source.parent.mkdir(parents=True)
    source.write_text("a source\n")
    return folder


def run(*words: str) -> tuple[int, str]:
    """Run a command line in this process; return its status and all that it printed."""
    out = io.StringIO()
    with (
        mock.patch.object(sys, "argv", ["bench", *words]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(out),
    ):
        status = main.guarded()
    return status, out.getvalue()


def tried(base: Path, room: Path, kind: str, seed: int, *, drawn: bool) -> str:
    """Spoil a copy of a run and put it through; return what went wrong, nothing if nothing did.

    drawn: with all charts, which take the most of the time
    """
    shutil.rmtree(room, ignore_errors=True)
    victim, folder = room / "victim", room / "run"
    (victim / "below").mkdir(parents=True)
    (victim / "precious.txt").write_text("precious\n")
    (victim / "below" / "kept.svg").write_text("<svg/>\n")
    shutil.copytree(base, folder)
    KINDS[kind](folder, victim, random.Random(f"{kind} {seed}"))
    before, began_s = digest(victim), time.monotonic()
    with contextlib.nullcontext() if drawn else mock.patch.object(charts, "KINDS", ()):
        wrong = next(_wrong(base, folder), "")
    if digest(victim) != before:
        wrong = "the victim was touched"
    if time.monotonic() - began_s > LIMIT_S:
        wrong = wrong or "it took too long"
    return wrong and f"{kind} {seed}: {wrong}"


def _wrong(base: Path, folder: Path) -> Iterator[str]:
    """Yield what goes wrong with a folder."""
    forms = ("csv", "json", "hdr", "pytest-benchmark")
    lines = [["report", str(folder)], ["compare", str(base), str(folder), "--force"]]
    lines += [["export", str(folder), "--format", form] for form in forms]
    for words in lines:
        status, out = run(*words)
        if status == Exit.DEFECT or REPORT_IT in out:
            yield f"{words[0]} failed: {out[-3000:]}"
        if status == Exit.BAD_INPUT and len(re.findall("^error: ", out, re.M)) != 1:
            yield f"{words[0]} said: {out[-300:]}"
        if any(ord(letter) < 32 and letter not in "\n\t" for letter in out) or "\u202e" in out:
            yield f"{words[0]} speaks to the terminal"
    try:
        reopened(folder)
    except (UserError, PlanError, OSError):
        pass
    except Exception as error:  # what is looked for
        yield f"resume: {type(error).__name__}: {error}"


def reopened(folder: Path) -> None:
    """Do what going on with a run does before it measures, as on the machine that measured it."""
    nothing = mock.patch.object(header, "check_same"), mock.patch.object(identity, "check")
    with nothing[0], nothing[1]:
        for blocks in (None, 1):
            session = resume.reopen(resume.Continuation(folder, blocks))
            header.going_on(session, run_folder.read(folder).header)


def digest(folder: Path) -> str:
    """Return what a folder holds: names, bytes, and how many names a file has."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        found.update(f"{path.relative_to(folder)} {path.stat().st_mode}".encode())
        if path.is_file():
            found.update(path.read_bytes())
    return found.hexdigest()
