"""What a server is made of, as far as a result depends on it, and whether it still is that."""

import hashlib
import importlib.util
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.base.errors import ConfigError
from bench.model.header import ServerEntry, Source
from bench.model.server import ROOT, ServerSpec

# Of an entry, what must be the same for its trials to stand in one run; and the words for it.
SAME = {
    "sources": "the source",
    "files": "the program",
    "python": "the interpreter",
    "gil": "the GIL",
    "jit": "the JIT",
    "packages": "the packages",
    "command": "the command",
}


def files(spec: ServerSpec) -> tuple[Source, ...]:
    """Return the files that a server runs beside its sources, with hashes of their bytes.

    Of a command its words that are programs or files; of another interpreter than ours
    its program; of an event loop of one's own its module. The path is the word as it was given; in
    the checkout it starts at its top.
    """
    words = spec.command.words if spec.command is not None else ()
    if spec.python is not None:
        words = spec.python.words
    found = [*_named(words)]
    if spec.loop is not None and spec.python is None:
        found += _module(spec.loop.factory.partition(":")[0])
    return tuple(dict.fromkeys(found))


def _named(words: Sequence[str]) -> Iterator[Source]:
    """Yield the programs and files that a command line names: `x`, `--option=x`, `sh -c 'x'`."""
    for word in words:
        source = _hashed(word, shutil.which(word) or word)
        if source is not None:
            yield source
        elif word.startswith("-") and "=" in word:
            value = word.partition("=")[2]
            yield from filter(None, [_hashed(value, value)])
        elif " " in word:
            yield from _named(_split(word))


def _split(line: str) -> list[str]:
    """Return the words of a shell's line; none of one that is no such."""
    try:
        return shlex.split(line)
    except ValueError:
        return []


def _module(name: str) -> list[Source]:
    """Return the file of a module; none of the standard library's, which goes with its version."""
    if name.partition(".")[0] in sys.stdlib_module_names:
        return []
    try:
        found = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return []
    source = _hashed(name, found.origin) if found is not None and found.origin else None
    return [] if source is None else [source]


def _hashed(word: str, place: str) -> Source | None:
    """Return a file under the name that it was given; None if it is none, or not to be read."""
    try:
        path = Path(place)
        if not path.is_file():
            return None
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Source(word.removeprefix(f"{ROOT}/"), digest)
    except (OSError, ValueError):
        return None


def changed(before: ServerEntry, now: ServerEntry) -> list[str]:
    """Return what a server is not made of any more, in words: `the source`, `the packages`.

    What is on record once alone is no change that anybody knows of: see `unknown`.
    """
    return [
        words
        for name, words in SAME.items()
        if getattr(before, name) != getattr(now, name)
        and not (blank(getattr(before, name)) and name != "command")
    ]


def unknown(before: ServerEntry, now: ServerEntry) -> list[str]:
    """Return what an earlier version did not record of a server, and this one does, in words."""
    return [
        words
        for name, words in SAME.items()
        if name != "command" and blank(getattr(before, name)) and not blank(getattr(now, name))
    ]


def blank(value: object) -> bool:
    """Tell if a fact of an entry is not on record, or there is nothing of the kind."""
    return value is None or value == () or value == {}


def check(folder: Path, before: ServerEntry, now: ServerEntry) -> None:
    """Refuse to add trials of another server under the same name; raises ConfigError."""
    remedy = "start a new run, or give the changed server another name"
    if found := changed(before, now):
        raise ConfigError(
            f"{folder}: {' and '.join(found)} of {now.name} changed since it was measured; {remedy}"
        )
    if found := unknown(before, now):
        raise ConfigError(
            f"{folder}: does not say what {' and '.join(found)} of {now.name} was when it was "
            "measured, so nobody knows whether that changed; start a new run"
        )
