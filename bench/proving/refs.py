"""Two references of a user's repository, checked out and built beside it: never in it."""

import hashlib
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.base import wording
from bench.base.errors import ConfigError
from bench.plan import provision

# What names of interpreters are made of.
NOT_IN_LABELS = re.compile(r"[^A-Za-z0-9._-]+")
# What a git that somebody else has begun tells its children.
OF_GIT = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
# Nothing of the user's runs because a tree is checked out.
NO_HOOKS = ("-c", "core.hooksPath=/dev/null")


@dataclass(frozen=True)
class Reference:
    """A reference of a repository: as it was written, and the commit that it is."""

    name: str
    commit: str

    @property
    def label(self) -> str:
        """Return what its server is called: `main@1a2b3c4`, of a commit its first letters."""
        short = self.commit[:7]
        written = NOT_IN_LABELS.sub("-", self.name)
        return short if self.commit.startswith(self.name) else f"{written}@{short}"

    def __str__(self) -> str:
        """Return it for a person: `main (1a2b3c4)`."""
        return f"{self.name} ({self.commit[:7]})"


@dataclass(frozen=True)
class Repository:
    """A repository of the user's: its top, and the folder that the command was typed in."""

    top: Path
    here: Path

    def reference(self, name: str) -> Reference:
        """Return the commit of a reference; raises ConfigError if it is none."""
        wanted = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        done = _git(self.top, *wanted)
        if done.returncode:
            raise ConfigError(
                f"{name}: is no commit of {self.top}; see `git branch -a` and `git tag`"
            )
        return Reference(name, done.stdout.strip())

    def changed(self) -> bool:
        """Tell if files that git knows differ from what is committed."""
        return bool(_git(self.top, "status", "--porcelain", "--untracked-files=no").stdout)

    def checked_out(self, ref: Reference, folder: Path) -> Path:
        """Return a work tree of its own for a commit, made below a folder; raises ConfigError."""
        tree = folder / "tree"
        # A cache that was removed by hand leaves its entries in the repository: --force.
        done = _git(self.top, "worktree", "add", "--force", "--detach", str(tree), ref.commit)
        if done.returncode:
            raise ConfigError(f"{ref}: git cannot check it out: {last_line(done.stderr)}")
        return tree

    def file(self, path: str) -> Path:
        """Return a file by its place from the top; raises ConfigError if it lies elsewhere."""
        place = (self.here / path).resolve()
        if not place.is_relative_to(self.top):
            raise ConfigError(f"--servers {path}: does not lie in {self.top}")
        return place.relative_to(self.top)


def repository(here: Path) -> Repository:
    """Return the repository that a folder is in; raises ConfigError without one, or without git."""
    done = _git(here, "rev-parse", "--show-toplevel")
    if done.returncode:
        raise ConfigError(
            f"{here}: is in no git repository; go into yours, or name two servers (no --build, "
            "no --servers)"
        )
    return Repository(Path(done.stdout.strip()).resolve(), here.resolve())


def cache(repository: Repository) -> Path:
    """Return the folder that holds the trees and builds of a repository."""
    name = f"{repository.top.name}-{_short(str(repository.top))}"
    return provision.cache() / "ab" / name


def place(repository: Repository, ref: Reference, build: str | None, python: str) -> Path:
    """Return the folder of a commit, a build command and an interpreter: built once."""
    key = _short(shlex.join([build or "", python]))
    return cache(repository) / f"{ref.commit[:12]}-{key}"


def last_line(text: str) -> str:
    """Return the last line that says something, fit to be quoted."""
    lines = [line for line in text.splitlines() if line.strip()]
    return wording.printable(lines[-1].strip()) if lines else "it said nothing"


def without_git(environment: dict[str, str]) -> dict[str, str]:
    """Return an environment in which git finds the repository by the folder alone."""
    return {name: value for name, value in environment.items() if name not in OF_GIT}


def _git(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    program = shutil.which("git")
    if program is None:
        raise ConfigError("git: is not installed; references of a repository need it")
    return subprocess.run(
        [program, *NO_HOOKS, *words],
        cwd=folder,
        env=without_git(dict(os.environ)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def _short(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:10]
