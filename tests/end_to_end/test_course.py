"""The course is run as it is written: its files, its commands, and what they are said to print."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

# A figure is not looked at here: that a command runs is, in as little time as it can.
SHORTER = (
    ("--trials 2 --duration 0.3", "--trials 1 --duration 0.1 --warmup 0.05"),
    ("--trials 1 --duration 2", "--trials 1 --duration 0.3 --warmup 0.05"),
)
BLOCK = re.compile(r"^```(sh|python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TEXT = (ROOT / "docs" / "course.md").read_text(encoding="utf-8")
LESSONS = re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]


def shorter(line: str) -> str:
    for long, short in SHORTER:
        line = line.replace(long, short)
    return line


def commands(lesson: str, folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the command lines of a lesson with what each is said to print; write its files."""
    lines: list[str] = []
    for kind, text in BLOCK.findall(lesson):
        if kind == "python":
            (folder / text.splitlines()[0].removeprefix("# ")).write_text(text, encoding="utf-8")
        elif kind == "sh":
            yield from ((line, []) for line in lines)
            lines = text.splitlines()
        else:
            *before, last = lines
            yield from ((line, []) for line in before)
            yield last, text.splitlines()
            lines = []
    yield from ((line, []) for line in lines)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda text: text.splitlines()[0])
def test_a_lesson_is_as_it_says(lesson: str, tmp_path: Path) -> None:
    (tmp_path / "bench").write_text(f'#!/bin/sh\nexec {sys.executable} -m bench "$@"\n')
    (tmp_path / "bench").chmod(0o755)
    paths = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    for line, said in commands(lesson, tmp_path):
        done = subprocess.run(
            ["bash", "-c", shorter(line)],
            cwd=tmp_path,
            env=os.environ | paths | {"COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == (1 if said else 0), f"{line}: {done.stdout}{done.stderr}"
        for words in said:
            assert words in done.stdout, f"{line}: {done.stdout}"


def test_every_lesson_breaks_something_and_sees_it_named() -> None:
    assert len(LESSONS) == 6
    for lesson in LESSONS:
        kinds = [kind for kind, _ in BLOCK.findall(lesson)]
        assert kinds[-3:] == ["python", "sh", "text"], lesson.splitlines()[0]
        assert "*Predict.*" in lesson
