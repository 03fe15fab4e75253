"""`bench ab` on two commits of somebody's repository, which it does not touch."""

import json
import subprocess
from pathlib import Path

import pytest

from loadgen.exits import Exit
from tests.end_to_end.test_ab import ATTEMPTS, SHORT, bench, decisions

QUICK = """import asyncio

def new_event_loop():
    return asyncio.SelectorEventLoop()
"""
SLOW = """import asyncio, time

class Loop(asyncio.SelectorEventLoop):
    def _run_once(self):
        until_ns = time.perf_counter_ns() + 200_000
        while time.perf_counter_ns() < until_ns:
            pass
        super()._run_once()

def new_event_loop():
    return Loop()
"""
SERVER = '''"""Echoes one client after the other{what}."""

import socket
import time

from servers.api import Settings, echo

FAMILY = "mine"


def serve(listener: socket.socket, settings: Settings) -> None:
    """Serve for ever."""
    while True:
        {line}
        client, _ = listener.accept()
        echo(client)
'''
# What a package's build does, without a network: put the module where the environment finds it.
BUILD = (
    'echo "built $(git rev-parse --short HEAD)" >> ../../built; '
    'cp mymod.py "$(python -c \'import sysconfig; print(sysconfig.get_path("purelib"))\')"'
)
LOOP = ("--loop", "mine=mymod:new_event_loop")


def git(folder: Path, *words: str) -> str:
    """Run git with nothing of the user's settings."""
    who = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")
    done = subprocess.run(
        ["/usr/bin/env", "git", *who, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository of two commits, of which the second one's event loop is slow."""
    folder = tmp_path / "mine"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    # Nothing of the user's runs because a tree is checked out somewhere.
    hook = folder / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch ../../hooked\n")
    hook.chmod(0o755)
    for text, what in ((QUICK, ""), (SLOW, ", late")):
        (folder / "mymod.py").write_text(text)
        line = "time.sleep(0.02)" if what else "pass"
        (folder / "lone.py").write_text(SERVER.format(what=what, line=line))
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message", f"Be{what}")
    git(folder, "branch", "before", "HEAD~1")
    return folder


@pytest.mark.slow
def test_a_slower_commit_is_shown_and_the_repository_is_not_touched(repository: Path) -> None:
    before = git(repository, "for-each-ref"), git(repository, "status", "--porcelain")
    words = ("before", "HEAD", "--build", BUILD, *LOOP, "--minutes", "1", *SHORT, "--json")
    for _ in range(ATTEMPTS):
        ended = bench(*words, cwd=repository)
        if decisions(ended)["throughput"] == "slower":
            break
    document = json.loads(ended.stdout)
    found = {each["figure"]: each["decision"] for each in document["findings"]}
    assert found["throughput"] == "slower"
    assert document["a"]["reference"] == "before"
    assert document["b"]["commit"] == git(repository, "rev-parse", "HEAD").strip()
    assert document["b"]["name"].endswith(":mine-protocol")
    assert document["b"]["packages"] == {"mymod": "installed"}
    assert (git(repository, "for-each-ref"), git(repository, "status", "--porcelain")) == before
    assert not list(repository.parent.rglob("hooked"))
    # Built once each, whatever the number of attempts; a broken build would be made again.
    (built,) = (repository.parent / "cache").rglob("built")
    assert len(built.read_text().splitlines()) == 2
    trees = git(repository, "worktree", "list").splitlines()
    assert len(trees) == 3
    assert all(str(repository.parent / "cache") in line for line in trees[1:])


def test_a_file_of_the_repository_is_measured_at_both_commits(repository: Path) -> None:
    """A client that connects anew for each request meets the sleep before each accept."""
    words = ("before", "HEAD", "--servers", "lone.py", "--requests-per-connection", "1")
    load = ("--connections", "1", "--duration", "0.3", "--minutes", "1", "--until", "throughput")
    for _ in range(ATTEMPTS):
        ended = bench(*words, *load, "--json", cwd=repository)
        found = decisions(ended)
        if found["throughput"] == "slower":
            break
    assert found["throughput"] == "slower"
    assert json.loads(ended.stdout)["b"]["name"].endswith(":lone")


WRONG = {
    "no such reference": (("nothing", "HEAD", "--servers", "lone.py"), "nothing: is no commit of"),
    "an option for a reference": (
        ("--servers", "lone.py", "--", "--orphan", "HEAD"),
        "--orphan: is no commit of",
    ),
    "a file that is not there": (
        ("before", "HEAD", "--servers", "other.py"),
        "--servers other.py: is not in before (",
    ),
    "a file elsewhere": (
        ("before", "HEAD", "--servers", "../other.py"),
        "--servers ../other.py: does not lie in",
    ),
    "a build that fails": (
        ("before", "HEAD", "--build", "echo one; echo two; exit 7", *LOOP),
        "its build failed with status 7: two (all of it: ",
    ),
    "a build that does not bring the module": (
        ("before", "HEAD", "--build", "true", *LOOP),
        "has no mymod (--provision, or ",
    ),
    "a command": (
        ("before", "HEAD", "--build", "true", *LOOP, "--command", "x=sleep {port}"),
        "--command: is the same at both references",
    ),
    "an interpreter that is none": (
        ("before", "HEAD", "--build", "true", *LOOP, "--python", "/nowhere/python"),
        "/nowhere/python",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_is_one_line(case: str, repository: Path) -> None:
    words, line = WRONG[case]
    ended = bench("--quiet", *words, cwd=repository)
    assert ended.returncode == Exit.BAD_INPUT
    assert line in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_what_is_not_committed_is_told_not_to_be_measured(repository: Path) -> None:
    (repository / "mymod.py").write_text("changed = True\n")
    ended = bench("before", "HEAD", "--build", "exit 1", *LOOP, cwd=repository)
    assert ended.returncode == Exit.BAD_INPUT
    assert "has changes that are not committed; they are not measured" in ended.stdout
    (log,) = (repository.parent / "cache").rglob("build.log")
    assert str(log) in ended.stderr
