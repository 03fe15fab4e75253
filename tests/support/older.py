"""Runs as earlier versions wrote them."""

import dataclasses
import json

from bench.model.run import Run
from bench.store import run_folder


def as_of(run: Run, schema: int, **config: str) -> Run:
    """Write a run as a version before the fourth schema did, and read it again."""
    head = dataclasses.asdict(run.header) | {"schema": schema}
    head["config"] |= config
    run_folder.write(run.folder / "run.json", json.dumps(head))
    lines = []
    for trial in run.trials:
        fields = dataclasses.asdict(trial)
        fields["load"] = fields.pop("result")
        lines.append(json.dumps(fields) + "\n")
    (run.folder / "trials.jsonl").write_text("".join(lines))
    return run_folder.read(run.folder)
