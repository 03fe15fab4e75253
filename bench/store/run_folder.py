"""The run folder: the only module that knows its file names and its schema."""

import contextlib
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from bench.base import wording
from bench.base.errors import StoreError, in_words
from bench.model.header import Header
from bench.model.run import Run
from bench.model.trial import Cell, Trial
from bench.store import inside, reading, sources

# Of the letters of a name in the name of a file, which has 255 bytes at most.
NAME_MOST = 150


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


def below(folder: Path) -> list[Path]:
    """Return the runs of a folder: itself, and those that lie in it, by name; links left out.

    Raises:
        StoreError: it is no run and holds none, or cannot be looked at
    """
    try:
        own = (folder / reading.HEADER).exists()
        runs = [behind_links(folder).resolve()] if own else []
        entries = sorted(path for path in folder.iterdir() if not path.is_symlink())
        runs += [path.resolve() for path in entries if (path / reading.HEADER).is_file()]
    except OSError as error:
        raise StoreError(in_words(error)) from None
    if not runs:
        raise StoreError(f"{folder}: is no run and holds none; name folders such as results")
    return runs


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
    text = json.dumps(msgspec.to_builtins(header), indent=1, ensure_ascii=False)
    # What was typed may hold bytes that are no text, which JSON has no place for.
    inside.write(folder, reading.HEADER, text.encode(errors="replace"))


def store_sources(folder: Path, texts: list[sources.Text]) -> None:
    """Put the sources of a server beside the trials; raises StoreError."""
    try:
        sources.write(folder, texts)
    except OSError as error:
        raise StoreError(in_words(error)) from None


def mend(folder: Path) -> None:
    """Drop a last line that a kill cut short, before more are written behind it."""
    with open(inside.opened(folder, reading.TRIALS, os.O_RDWR), "rb+") as file:
        end = file.seek(0, os.SEEK_END)
        # Never longer than a line may be, and a line more.
        start = max(0, end - 2 * reading.LINE_BYTES)
        file.seek(start)
        file.truncate(start + file.read().rfind(b"\n") + 1)


def append(folder: Path, trial: Trial) -> None:
    """Put a trial on disk at once: a run that is killed later keeps it.

    Raises:
        OSError: it cannot be written; of a part of its line nothing stays
    """
    line, path = msgspec.json.encode(trial) + b"\n", folder / reading.TRIALS
    # Never made anew: a folder that was removed under a run is gone.
    file = inside.opened(folder, reading.TRIALS, os.O_WRONLY | os.O_APPEND)
    with inside.naming(path), open(file, "ab", 0) as trials:
        before = os.fstat(trials.fileno()).st_size
        try:
            while line:
                line = line[trials.write(line) :]
            os.fsync(trials.fileno())
        except OSError:
            os.ftruncate(trials.fileno(), before)
            raise


def read(folder: Path) -> Run:
    """Read a run, finished or not; a last line cut short by a kill is left out.

    Raises:
        StoreError: it is not a run, was written by a newer version, or holds what none does.
    """
    header, document = reading.header(folder)
    trials = reading.trials(folder, document)
    _check_own(folder, header, trials)
    return Run(folder, header, counting(trials))


def _check_own(folder: Path, header: Header, trials: Iterable[Trial]) -> None:
    """Refuse trials of another run: of a cell that the header does not list; raises StoreError.

    A search adds rates of its own, to the servers that it lists.
    """
    cells = {*header.cells}
    servers = {cell.server for cell in cells}
    for trial in trials if cells else ():
        own = trial.cell.server in servers if header.config.slo else trial.cell in cells
        if not own:
            what = wording.printable(f"{trial.cell.server} {trial.cell.workload.name}", 200)
            raise StoreError(
                f"{folder / reading.TRIALS}: has a trial of {what}, which is not of this run; "
                f"{reading.REMEDY}"
            )


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


def write(path: Path, text: str) -> None:
    """Replace a file at the top of a run folder as a whole; raises OSError, StoreError."""
    inside.write(path.parent, path.name, text.encode())


def write_report(folder: Path, name: str, data: bytes) -> None:
    """Write a derived file, `summary.csv` or `charts/…`, as a whole; raises OSError, StoreError."""
    inside.write(folder, name, data)


def samples_name(block: int, position: int, cell: Cell) -> str:
    """Return the name of the raw samples of a trial, below the folder of its run."""
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", f"{cell.server}-{cell.workload.name}")[:NAME_MOST]
    return f"samples/{block:03}-{position:03}-{name}.npz"


def place_for_samples(folder: Path, block: int, position: int, cell: Cell) -> Path:
    """Return where the raw samples of a trial go: nothing is there.

    Raises:
        StoreError: a link leads elsewhere
    """
    return inside.place(folder, samples_name(block, position, cell))


def remove_samples(folder: Path) -> None:
    """Remove the raw samples: first to go where there is no room."""
    with contextlib.suppress(OSError):
        for path in inside.files(folder, "samples"):
            path.unlink()


def remove_report(folder: Path) -> None:
    """Remove the derived charts, so that a rebuilt report shows none of an older one."""
    inside.remove(folder, "charts")


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
