"""The run folder: the only module that knows its file names and its schema."""

import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from bench.base.errors import StoreError
from bench.model.run import Run
from bench.model.trial import Cell, Trial

# 1: run.json, trials.jsonl, samples/; digests as loadgen.digest describes them.
# 2: in a trial `others` and `stolen` by side, as shares; before, one number of seconds for each.
#    The series of a warm-up has whole steps only; before, it could end in one that was cut short.
# 3: a load has `assignment` and `wait`, the configuration `generator_wait`; a trial may be
#    `instrument` and has `throttled`. Before, generators slept, and the connections of an open
#    loop took turns. Latency is of the requests intended in the window; before, also of those
#    outstanding at its opening, and in closed loop it began when the predecessor was read.
SCHEMA = 3


# The first schema of a generator that does not sleep on a CPU of its own.
ASLEEP_BEFORE = 3


def create(folder: Path, header: dict[str, Any]) -> None:
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
        raise StoreError(f"{folder}: cannot be written: {error.strerror}") from None


def check_new(folder: Path) -> None:
    """Refuse a folder for a new run that has something in it; raises StoreError."""
    try:
        if folder.exists() and any(folder.iterdir()):
            raise StoreError(f"{folder}: is not empty; choose another --out")
    except OSError as error:
        raise StoreError(f"{folder}: cannot be read: {error.strerror}") from None


def write_header(folder: Path, header: dict[str, Any]) -> None:
    """Write the header of a run."""
    write(folder / "run.json", json.dumps(header | {"schema": SCHEMA}, indent=1))


def finish(folder: Path, header: dict[str, Any], at: str, complete: bool) -> None:
    """Note in the header when the run ended, and whether it had measured all that was planned."""
    write_header(folder, header | {"finished_at": at, "complete": complete})


def mend(folder: Path) -> None:
    """Drop a last line that a kill cut short, before more are written behind it."""
    path = folder / "trials.jsonl"
    text = path.read_bytes()
    os.truncate(path, text.rfind(b"\n") + 1)


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
    trials = counting(_trials(folder / "trials.jsonl", header))
    return Run(folder, _upgraded_header(header), trials)


def counting(trials: Iterable[Trial]) -> list[Trial]:
    """Return the trials that count, given in the order in which they ended.

    A block that was disturbed or interrupted is measured again as a whole, so one pass over it
    counts, and never a mixture of two: the last one of those that got farthest.
    """
    passes: dict[int, list[list[Trial]]] = {}
    for trial in trials:
        found = passes.setdefault(trial.block, [])
        if trial.position == 0 or not found:
            found.append([])
        found[-1].append(trial)
    return [trial for found in passes.values() for trial in max(reversed(found), key=len)]


def _trials(path: Path, header: dict[str, Any]) -> Iterator[Trial]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    for number, line in enumerate(lines, 1):
        try:
            yield Trial.from_json(_upgraded(json.loads(line), header))
        except (ValueError, KeyError, TypeError):
            if number < len(lines):
                raise StoreError(f"{path}:{number}: is not a trial") from None


def _upgraded_header(header: dict[str, Any]) -> dict[str, Any]:
    """Return a header as one of this schema: what earlier versions did without saying it."""
    if header["schema"] >= ASLEEP_BEFORE or "config" not in header:
        return header
    config = header["config"] | {"generator_wait": "sleep"}
    config["workloads"] = [_upgraded_workload(each) for each in config.get("workloads", [])]
    cells = [
        cell | {"workload": _upgraded_workload(cell["workload"])}
        for cell in header.get("cells", [])
    ]
    return header | {"config": config} | ({"cells": cells} if "cells" in header else {})


def _upgraded_workload(workload: dict[str, Any]) -> dict[str, Any]:
    load = workload["load"]
    turns = {"assignment": "turns"} if load.get("rate") is not None else {}
    return workload | {"load": turns | load}


def _upgraded(fields: dict[str, Any], header: dict[str, Any]) -> dict[str, Any]:
    """Return a trial as one of this schema; what one of schema 1 said was of all its CPUs."""
    if header["schema"] < ASLEEP_BEFORE:
        cell = fields["cell"]
        fields["cell"] = cell | {"workload": _upgraded_workload(cell["workload"])}
    cpus = {*header["cpus"]["server"], *header["cpus"]["generator"]}
    for old, new in (("others_cpu_s", "others"), ("stolen_s", "stolen")):
        if (seconds := fields.pop(old, None)) is not None:
            fields[new] = {"both": seconds / (len(cpus) * fields["load"]["window_s"])}
            series = fields["load"]["warmup_series"]
            steps = int(header["config"]["warmup_s"] / series["step_s"] + 1e-9)
            for name in series.keys() - {"step_s"}:
                series[name] = series[name][:steps]
    return fields


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
