"""What a server is made of, as far as a result depends on it, and whether it still is that."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from bench.base.errors import ConfigError
from bench.model.header import ServerEntry, Source
from bench.model.server import ServerSpec

CHUNK = 2**20
# Of an entry, what must be the same for its trials to stand in one run; and the words for it.
SAME = {
    "sources": "its source",
    "files": "its program",
    "python": "its interpreter",
    "gil": "the GIL",
    "jit": "the JIT",
    "packages": "its packages",
    "command": "its command",
}


def files(spec: ServerSpec) -> tuple[Source, ...]:
    """Return the files that a command runs: its program, and those of its words that are files.

    Hashes of their bytes; the path is the word as it was given.
    """
    if spec.command is None:
        return ()
    return tuple(_hashed(spec.command.words))


def _hashed(words: tuple[str, ...]) -> Iterator[Source]:
    for at, word in enumerate(words):
        found = shutil.which(word) if at == 0 else word
        path = Path(found) if found else None
        try:
            if path is None or not path.is_file():
                continue
            with path.open("rb") as file:
                yield Source(word, hashlib.file_digest(file, "sha256").hexdigest())
        except (OSError, ValueError):  # not to be read, or no path at all
            continue


def changed(before: ServerEntry, now: ServerEntry) -> list[str]:
    """Return what a server is not made of any more, in words: `its source`, `its packages`."""
    return [words for name, words in SAME.items() if getattr(before, name) != getattr(now, name)]


def check(folder: Path, before: ServerEntry, now: ServerEntry) -> None:
    """Refuse to add trials of another server under the same name; raises ConfigError."""
    found = changed(before, now)
    if found:
        raise ConfigError(
            f"{folder}: {' and '.join(found)} of {now.name} changed since it was measured; start a "
            "new run, or give the changed server another name"
        )
