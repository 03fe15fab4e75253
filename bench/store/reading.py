"""A run folder read by what it says, and believed in nothing: the one place where runs are read."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from bench.base import wording
from bench.base.errors import StoreError
from bench.model.header import SCHEMA, Header
from bench.model.trial import Trial
from bench.store import inside, upgrades, validity

HEADER, TRIALS = "run.json", "trials.jsonl"
Document = TypeVar("Document")
# The header of 1,000 cells has some 300 KB; a trial of 100,000 connections a line of 1 MB.
HEADER_BYTES, LINE_BYTES = 64 * 2**20, 16 * 2**20
TRIALS_MOST, TRIALS_BYTES = 1_000_000, 2 * 2**30
# What documents raise that are nested, cut, of other types or without a field.
BAD = (
    *(ValueError, KeyError, TypeError, AttributeError, IndexError),
    *(ArithmeticError, RecursionError),
)
REMEDY = "take the folder from where it was measured"


def header(folder: Path) -> tuple[Header, dict[str, Any]]:
    """Return the header of a run, and its document as it was written.

    Raises:
        StoreError: it is not a run's, was written by a newer version, or holds a link
    """
    path = folder / HEADER
    try:
        data = inside.read(folder, HEADER, HEADER_BYTES)
    except OSError:
        raise StoreError(f"{folder}: is not a run; it has no readable {HEADER}") from None
    inside.check(folder)
    try:
        document = msgspec.json.decode(data)
        _check_schema(folder, document)
        head = msgspec.convert(upgrades.header(document), Header)
        validity.header(head)
    except StoreError:
        raise
    except BAD as error:
        raise StoreError(f"{path}: is not a run's header: {_why(error)}; {REMEDY}") from None
    return head, document


def _check_schema(folder: Path, document: Any) -> None:
    if not isinstance(document, dict):
        raise TypeError(f"it is a {type(document).__name__} and no object")
    schema = document.get("schema")
    if type(schema) is not int or schema < 1:
        raise ValueError(f"its schema is {wording.printable(str(schema), 40)}")
    if schema > SCHEMA:
        raise StoreError(
            f"{folder}: has schema {schema}, this version reads up to {SCHEMA}; use a newer one"
        )


def beside(folder: Path, name: str, kind: type[Document]) -> Document | None:
    """Return what another document of the folder holds; None without one.

    Raises:
        StoreError: it holds something else, or is a link
    """
    try:
        data = inside.read(folder, name, HEADER_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{folder / name}: {error.strerror}") from None
    try:
        return msgspec.convert(msgspec.json.decode(data), kind)
    except BAD as error:
        raise StoreError(f"{folder / name}: cannot be read: {_why(error)}; {REMEDY}") from None


def trials(folder: Path, document: dict[str, Any]) -> list[Trial]:
    """Return the trials of a run whose header was this document, as they lie in its file.

    A last line that was cut off is left out.

    Raises:
        StoreError: a line is no trial, naming it; or there are too many
    """
    path, found = folder / TRIALS, list[Trial]()
    made: set[object] = set()
    for number, line in enumerate(_lines(folder), 1):
        try:
            trial = msgspec.convert(upgrades.trial(msgspec.json.decode(line), document), Trial)
            made.update(validity.trial(trial))
            if len(made) > 1:
                raise ValueError("its histograms are of another kind than those before")
        except BAD as error:
            if not line.endswith(b"\n"):
                break
            raise StoreError(f"{path}:{number}: is not a trial: {_why(error)}; {REMEDY}") from None
        found.append(trial)
    # A block is begun when the one before it has trials: there are never more blocks than lines.
    last = max((trial.block for trial in found), default=0)
    if last >= max(1, len(found)):
        raise StoreError(f"{path}: has block {last} in {len(found)} lines; {REMEDY}")
    return found


def _lines(folder: Path) -> Iterator[bytes]:
    """Yield the lines of the trials' file; nothing if there is none. Raises StoreError."""
    path = folder / TRIALS
    try:
        descriptor = inside.opened(folder, TRIALS)
    except FileNotFoundError:
        return
    with inside.naming(path), open(descriptor, "rb") as file:
        if os.fstat(file.fileno()).st_size > TRIALS_BYTES:
            raise StoreError(f"{path}: is longer than {TRIALS_BYTES:,} bytes; {REMEDY}")
        for number in range(1, TRIALS_MOST + 2):
            if not (line := file.readline(LINE_BYTES)):
                return
            if len(line) == LINE_BYTES and not line.endswith(b"\n"):
                raise StoreError(f"{path}:{number}: is longer than {LINE_BYTES:,} bytes; {REMEDY}")
            yield line
    raise StoreError(f"{path}: has more than {TRIALS_MOST:,} trials; {REMEDY}")


def _why(error: BaseException) -> str:
    """Return what is wrong in words, without what could speak to a terminal."""
    if isinstance(error, KeyError):
        return f"it has no {wording.printable(str(error), 60)}"
    if isinstance(error, RecursionError):
        return "its brackets are nested too deeply"
    return wording.printable(str(error) or type(error).__name__, 200)
