"""The run folder: the only module that knows its file names and its schema."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.records import Cell, Trial

# 1: run.json, trials.jsonl, samples/; digests as loadgen.digest describes them.
SCHEMA = 1


class StoreError(ValueError):
    """A run folder that cannot be used; the message names it and the remedy."""


@dataclass(frozen=True)
class Run:
    """What is on disk of one run.

    header: run.json: schema, run_id, created_at, command, config, order, machine, versions, commit
    trials: in the order in which they ended
    """

    folder: Path
    header: dict[str, Any]
    trials: list[Trial]


def create(folder: Path, header: dict[str, Any]) -> None:
    """Make the folder of a new run and write its header.

    Raises:
        StoreError: there is something in the folder already, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise StoreError(f"{folder}: is not empty; choose another --out")
        (folder / "samples").mkdir()
        write(folder / "run.json", json.dumps({"schema": SCHEMA} | header, indent=1))
        (folder / "trials.jsonl").touch()
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written: {error.strerror}") from None


def extend(folder: Path, header: dict[str, Any]) -> None:
    """Write the header of a run that goes on."""
    write(folder / "run.json", json.dumps({"schema": SCHEMA} | header, indent=1))


def finish(folder: Path, header: dict[str, Any], at: str, complete: bool) -> None:
    """Note in the header when the run ended, and whether it had measured all that was planned."""
    ended = {"schema": SCHEMA} | header | {"finished_at": at, "complete": complete}
    write(folder / "run.json", json.dumps(ended, indent=1))


def append(folder: Path, trial: Trial) -> None:
    """Put a trial on disk at once: a run that is killed later keeps it."""
    with (folder / "trials.jsonl").open("a", encoding="utf-8") as trials:
        trials.write(json.dumps(trial.to_json(), separators=(",", ":")) + "\n")
        trials.flush()
        os.fsync(trials.fileno())


def read(folder: Path) -> Run:
    """Read a run, finished or not; a last line cut short by a kill is left out.

    Raises:
        StoreError: it is not a run, or was written by a newer version.
    """
    try:
        header = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise StoreError(f"{folder}: is not a run; it has no readable run.json") from None
    schema = header.get("schema")
    if not isinstance(schema, int) or schema > SCHEMA:
        raise StoreError(
            f"{folder}: has schema {schema}, this version reads up to {SCHEMA}; use a newer one"
        )
    # A block that was disturbed or interrupted is measured again: its last trials count.
    latest = {(trial.block, trial.cell): trial for trial in _trials(folder / "trials.jsonl")}
    return Run(folder, header, list(latest.values()))


def _trials(path: Path) -> Iterator[Trial]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    for number, line in enumerate(lines, 1):
        try:
            yield Trial.from_json(json.loads(line))
        except (ValueError, KeyError, TypeError):
            if number < len(lines):
                raise StoreError(f"{path}:{number}: is not a trial") from None


def write(path: Path, text: str) -> None:
    """Replace a file as a whole, so that nobody ever reads half of it."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def samples_path(folder: Path, block: int, position: int, cell: Cell) -> Path:
    """Return where the raw samples of a trial go."""
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", f"{cell.server}-{cell.workload.name}")
    return folder / "samples" / f"{block:03}-{position:03}-{name}.npz"


def report_path(folder: Path, name: str) -> Path:
    """Return the path of a derived file, `summary.csv` or `charts/…`, and make its folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


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
    part.replace(link)
