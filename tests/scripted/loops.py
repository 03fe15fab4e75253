"""Carries a load through its phases on a scripted kernel, as a worker does on the real one."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loadgen import recorder, worker
from loadgen.digest import digest
from loadgen.mapped import Columns
from loadgen.part import Part
from loadgen.plan import Load, Plan, Target
from loadgen.recorder import ROWS_SPARE
from tests.scripted.kernel import Dialer, Kernel, Wire
from tests.scripted.servers import Server

CONNECT_NS = 10**9
COUNTERS = ("cpu_ns", "queued_ns", "voluntary_switches", "forced_switches", "peak_memory_kib")
# Without a limit: more rows than any script has replies.
ALL_ROWS = 1 << 20

Rows = NDArray[np.int64]


def short_plan(load: Load, duration_s: float, warmup_s: float, seed: int = 1) -> Plan:
    """Return a plan whose window is shorter than a plan may be: scripts are fast."""
    plan = Plan(Target.parse("127.0.0.1:9"), load, 1.0, warmup_s, 0.001, seed=seed)
    object.__setattr__(plan, "duration_s", duration_s)
    return plan


@dataclass
class Script:
    """A load, the machine and the server that it meets, and how many rows may be kept."""

    load: Load
    duration_s: float = 0.006
    warmup_s: float = 0.002
    rows: int = ALL_ROWS
    call_ns: int = 100
    clock_ns: int = 20
    server: Callable[[int], Server] = Server
    outcome: Callable[[int], int | None] | None = None
    block_ns: int = 0


class Played:
    """What came of a script: the loop's own account, and the kernel's truth."""

    def __init__(self, script: Script, monkeypatch: Any, folder: Path) -> None:
        self.script = script
        load = script.load
        kept = load.requests_per_connection is None
        columns = 3 if kept and load.rate is None and not load.think_us else 4
        monkeypatch.setattr(recorder, "COLUMN_BUDGET", 8 * columns * (script.rows + ROWS_SPARE))
        monkeypatch.setattr(recorder, "SERIES_NS", 1_000_000)
        self.plan = short_plan(load, script.duration_s, script.warmup_s)
        self.kernel = Kernel(script.server(load.payload_bytes), script.call_ns, script.clock_ns)
        self.dialer = Dialer(self.kernel, script.block_ns)
        if script.outcome:
            self.dialer.outcome = script.outcome
        dialer: Any = self.dialer
        self.driver: Any = worker.choose(self.plan, load.connections, dialer, self.kernel.system())
        self.times = self._drive()
        self.open_ns, self.close_ns = self.times["open_ns"], self.times["close_ns"]
        self.part = self._part(folder / "columns")
        self.digest = digest(self.plan, [self.part])
        self.rows = self._rows()

    def _drive(self) -> dict[str, Any]:
        plan, kernel, driver = self.plan, self.kernel, self.driver
        driver.connect(kernel.now_ns + CONNECT_NS)
        start_ns = kernel.now_ns = kernel.now_ns // 1_000_000 * 1_000_000 + 1_000_000
        open_ns = start_ns + int(plan.warmup_s * 1e9)
        close_ns = open_ns + int(plan.duration_s * 1e9)
        driver.recorder.begin(start_ns, open_ns, close_ns)
        if plan.warmup_s:
            driver.run((start_ns + open_ns) // 2)
            driver.recorder.project(kernel.now_ns)
            driver.run(open_ns)
        driver.recorder.open()
        driver.facts.open(churn=plan.load.requests_per_connection is not None)
        driver.run(close_ns)
        driver.drain(kernel.now_ns + int(plan.drain_s * 1e9))
        ended_ns = kernel.now_ns
        driver.close()
        used = dict.fromkeys(COUNTERS, 0)
        return {
            "open_ns": open_ns,
            "close_ns": close_ns,
            "started_late_ns": 0,
            "before": used | {"at_ns": open_ns},
            "after": used | {"at_ns": close_ns},
            "ended_ns": ended_ns,
        }

    def _part(self, path: Path) -> Part:
        columns = worker.save(self.driver, os.open(path, os.O_WRONLY | os.O_CREAT))
        known = worker.findings(self.driver, self.times, self.plan.load.connections, columns)
        return Part(known | {"next_source": self.dialer.turns}, path)

    def _rows(self) -> Rows:
        """Return sent, received and slot of the rows that stand, in order."""
        column = Columns(self.part, 0).column
        return ordered(column["sent"], column["received"], column["slot"])

    @property
    def unanswered(self) -> Rows:
        return np.asarray(self.driver.recorder.unanswered, dtype=np.int64).reshape(-1, 4)

    def truth(self, wires: list[Wire] | None = None) -> Rows:
        """Return sent and found, and the end of the read, of all replies; in order of sending."""
        found = [
            (sent_ns, look_ns, read_ns)
            for wire in wires or self.kernel.all
            for sent_ns, (look_ns, read_ns) in zip(wire.sent, wire.found, strict=False)
        ]
        return ordered(*np.array(found, dtype=np.int64).reshape(-1, 3).T)


def ordered(*columns: Rows) -> Rows:
    """Return rows (as columns of a table), by the first column, then the second, then the third."""
    table = np.stack(columns)
    return table[:, np.lexsort(table[::-1])]
