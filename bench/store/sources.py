"""The sources of the servers that a run measured: written when it starts, read by its report."""

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.model.header import Source
from bench.model.server import ROOT, ServerSpec
from bench.store import inside

FOLDER = "sources"
# A source that is longer is not shown, and none of ours is.
LIMIT_BYTES = 64 * 1024
# What a variant takes from the house without taking its model from there.
HOUSE = {"servers", "servers.terms", "servers.work"}
SHARED = {"CHUNK", "Settings"}
# Of the letters of a file's name, which has 255 bytes at most, and a letter four.
NAME_MOST = 50


@dataclass(frozen=True)
class Text:
    """A file as it was read: where it goes below `sources/`, and what it holds."""

    path: str
    text: str

    @property
    def source(self) -> Source:
        """Return what the header says of it."""
        return Source(self.path, hashlib.sha256(self.text.encode()).hexdigest())


def collect(spec: ServerSpec) -> list[Text]:
    """Return a variant's file, then those of `servers/` that it takes its model from.

    None for a command, and of an event loop of one's own the style that it runs.
    """
    if spec.variant is not None:
        first = spec.variant.path
    elif spec.loop is not None:
        first = ROOT / "servers" / "stream" / f"asyncio_{spec.loop.style}.py"
    else:
        return []
    texts: dict[Path, Text] = {}
    waiting = [first]
    while waiting:
        path = waiting.pop(0)
        if path not in texts and (text := _text(path)) is not None:
            texts[path] = Text(_stored_as(path, text), text)
            waiting += _models(text)
    return list(texts.values())


def _models(text: str) -> Iterator[Path]:
    """Yield the files of `servers/` that a source imports more from than what all share."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.ImportFrom) or node.module is None:
            continue
        names = {alias.name for alias in node.names}
        shared = node.module == "servers.api" and names <= SHARED
        if node.module.startswith("servers") and node.module not in HOUSE and not shared:
            yield ROOT / Path(*node.module.split(".")).with_suffix(".py")


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None


def _stored_as(path: Path, text: str) -> str:
    """Return a file's place below `sources/`: its own in the checkout, else a flat, unique name."""
    if path.is_relative_to(ROOT):
        return path.relative_to(ROOT).as_posix()
    name = "".join(letter if letter.isalnum() else "-" for letter in path.stem)
    return f"outside/{name[:NAME_MOST]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}.py"


def write(folder: Path, texts: list[Text]) -> None:
    """Write sources below a run's folder; those of one content and place lie there once.

    Raises:
        OSError: the folder cannot be written.
        StoreError: a link is in the way.
    """
    for each in texts:
        inside.write(folder, f"{FOLDER}/{each.path}", each.text.encode())


def read(folder: Path, source: Source) -> str | None:
    """Return a source that a run stored.

    None if it is missing, long, a link or behind one, no text, or not what was measured.
    """
    try:
        text = inside.read(folder, f"{FOLDER}/{source.path}", LIMIT_BYTES).decode()
    except (OSError, ValueError):
        return None
    same = hashlib.sha256(text.encode()).hexdigest() == source.sha256
    return text if same else None
