"""The run folder: the only module that knows its file names and its schema."""

import contextlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from bench.base.errors import StoreError, in_words
from bench.model.header import SCHEMA, Header
from bench.model.run import Run
from bench.model.trial import Cell, Trial
from bench.store import sources, upgrades


def create(folder: Path, header: Header) -> None:
    """Make the folder of a new run and write its header.

    Raises:
        StoreError: there is something in the folder already, or it cannot be written.
    """
    try:
        check_new(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "samples").mkdir()
        write_header(folder, header)
        (folder / "trials.jsonl").touch()
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {in_words(error)}") from None


def behind_links(folder: Path) -> Path:
    """Return the folder that a path such as `results/latest` leads to; raises StoreError."""
    try:
        return folder.resolve() if folder.is_symlink() else folder
    except (OSError, RuntimeError):  # what Python 3.12 and earlier raise
        raise StoreError(f"{folder}: leads through a loop of links; name the folder") from None


def check_new(folder: Path) -> None:
    """Refuse a folder for a new run that has something in it; raises StoreError."""
    try:
        if folder.exists() and any(folder.iterdir()):
            raise StoreError(f"{folder}: is not empty; choose another --out")
        if folder.is_symlink() and not folder.exists():
            raise StoreError(f"{folder}: is a link that leads nowhere; choose another --out")
    except OSError as error:
        raise StoreError(f"{in_words(error)} (--out)") from None


def write_header(folder: Path, header: Header) -> None:
    """Write the header of a run."""
    write(folder / "run.json", json.dumps(msgspec.to_builtins(header), indent=1))


def store_sources(folder: Path, texts: list[sources.Text]) -> None:
    """Put the sources of a server beside the trials; raises StoreError."""
    try:
        sources.write(folder, texts)
    except OSError as error:
        raise StoreError(in_words(error)) from None


def mend(folder: Path) -> None:
    """Drop a last line that a kill cut short, before more are written behind it."""
    path = folder / "trials.jsonl"
    text = path.read_bytes()
    os.truncate(path, text.rfind(b"\n") + 1)


def append(folder: Path, trial: Trial) -> None:
    """Put a trial on disk at once: a run that is killed later keeps it.

    Raises:
        OSError: it cannot be written; of a part of its line nothing stays
    """
    path, line = folder / "trials.jsonl", msgspec.json.encode(trial) + b"\n"
    # Never made anew: a folder that was removed under a run is gone.
    with naming(path), open(os.open(path, os.O_WRONLY | os.O_APPEND), "ab", 0) as trials:
        before = os.fstat(trials.fileno()).st_size
        try:
            while line:
                line = line[trials.write(line) :]
            os.fsync(trials.fileno())
        except OSError:
            os.ftruncate(trials.fileno(), before)
            raise


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let an OSError tell which file it is about: the kernel does not say it of a write."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def read(folder: Path) -> Run:
    """Read a run, finished or not; a last line cut short by a kill is left out.

    Raises:
        StoreError: it is not a run, or was written by a newer version.
    """
    document = _document(folder)
    try:
        header = msgspec.convert(upgrades.header(document), Header)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"{folder / 'run.json'}: is not a run's header: {error}") from None
    return Run(folder, header, counting(_trials(folder / "trials.jsonl", document)))


def _document(folder: Path) -> dict[str, Any]:
    """Return the header of a run as it was written; raises StoreError."""
    try:
        document = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise StoreError(f"{folder}: is not a run; it has no readable run.json") from None
    schema = document.get("schema") if isinstance(document, dict) else None
    if not isinstance(schema, int) or schema > SCHEMA:
        raise StoreError(
            f"{folder}: has schema {schema}, this version reads up to {SCHEMA}; use a newer one"
        )
    header: dict[str, Any] = document
    return header


def counting(trials: Iterable[Trial]) -> list[Trial]:
    """Return the trials that count, given in the order in which they ended.

    A block that was disturbed or interrupted is measured again as a whole, so one pass over it
    counts, and never a mixture of two: the last one of those that got farthest.
    """
    passes: dict[int, list[list[Trial]]] = {}
    for trial in trials:
        of_block = passes.setdefault(trial.block, [])
        if trial.position == 0 or not of_block:
            of_block.append([])
        of_block[-1].append(trial)
    return [trial for of_block in passes.values() for trial in max(reversed(of_block), key=len)]


def _trials(path: Path, document: dict[str, Any]) -> Iterator[Trial]:
    lines = path.read_bytes().splitlines() if path.exists() else []
    for number, line in enumerate(lines, 1):
        try:
            yield msgspec.convert(upgrades.trial(msgspec.json.decode(line), document), Trial)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            if number < len(lines):
                raise StoreError(f"{path}:{number}: is not a trial: {error}") from None


def write(path: Path, text: str) -> None:
    """Replace a file as a whole, so that nobody ever reads half of it."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, data: bytes) -> None:
    """Replace a file as a whole; of what could not be written nothing stays. Raises OSError."""
    part = path.with_name(path.name + ".part")
    try:
        with naming(path):
            part.write_bytes(data)
            os.replace(part, path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def samples_path(folder: Path, block: int, position: int, cell: Cell) -> Path:
    """Return where the raw samples of a trial go."""
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", f"{cell.server}-{cell.workload.name}")
    return folder / "samples" / f"{block:03}-{position:03}-{name}.npz"


def report_path(folder: Path, name: str) -> Path:
    """Return the path of a derived file, `summary.csv` or `charts/…`, and make its folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def remove_samples(folder: Path) -> None:
    """Remove the raw samples: first to go where there is no room."""
    with contextlib.suppress(OSError):
        for path in (folder / "samples").iterdir():
            path.unlink()


def remove_report(folder: Path) -> None:
    """Remove the derived charts, so that a rebuilt report shows none of an older one."""
    shutil.rmtree(folder / "charts", ignore_errors=True)


def link_latest(folder: Path) -> None:
    """Point `results/latest` at a run in `results/`; a folder elsewhere is the user's own."""
    if folder.absolute().parent.name != "results":
        return
    link = folder.parent / "latest"
    part = folder.parent / f".latest-{os.getpid()}"
    part.unlink(missing_ok=True)
    part.symlink_to(folder.name)
    try:
        part.replace(link)
    except OSError:
        part.unlink()
        raise
