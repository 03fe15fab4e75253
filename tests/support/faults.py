"""Calls of the kernel that fail where a test says so; and one trial, to be run under them.

    python -m tests.support.faults SERVER

Measures one trial and prints its status, reason and verdict as JSON.
"""

import errno
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.model.cpus import Cpus
from bench.model.server import ServerSpec
from bench.model.trial import Cell, Workload
from bench.running import trials
from bench.verdicts import checks
from bench.verdicts.verdict import Setup
from loadgen.plan import Load
from servers.discovery import discover
from tests.support import machine, native


@dataclass(frozen=True)
class Fault:
    """A call that fails in some processes.

    call: write, read, recv, fsync, rename, open (for writing), fork, exec, bind or connect
    error: its name, such as ENOSPC; who: a part of the command line of the processes
    where: a part of the path of the file, or `*`; after: so many go well first
    times: so many fail then; 0 is all
    """

    call: str
    error: str
    who: str
    where: str = "*"
    after: int = 0
    times: int = 0

    def environment(self) -> dict[str, str]:
        """Return the environment of a process that it is to happen in; skips without a compiler."""
        number = getattr(errno, self.error)
        words = (self.call, number, self.who, self.where, self.after, self.times)
        fault = "\t".join(map(str, words))
        return os.environ | {"FAULT": fault, "LD_PRELOAD": str(native.build("faults"))}


def main() -> None:
    """Measure one trial."""
    name = sys.argv[1]
    server, generator = machine.split()
    conditions = trials.Conditions(Cpus((server,), (generator,)), 3, 0.1, 0.05, 0.1, seed=1)
    variant = discover()["stream", name]
    cell = Cell(name, Workload("kept", "tcp", Load(4)))
    spec = ServerSpec(name, variant.family, variant)
    trial = trials.measure(spec, cell, conditions, (0, 0), Path(sys.argv[2]))
    verdict = checks.judge([trial], Setup(1))
    words = {"reason": trial.reason, "why": verdict.reason}
    print(json.dumps(words | {"status": trial.status, "verdict": verdict.name}))


if __name__ == "__main__":
    main()
