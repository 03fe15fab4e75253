"""Parts and windows made of rows that a test names, by the recorder and the worker themselves."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from loadgen import columns, worker
from loadgen.columns import Window
from loadgen.driver import Facts
from loadgen.part import Part
from loadgen.plan import Load, Plan, Target
from loadgen.recorder import Recorder

START_NS = 10**12
COUNTERS = ("cpu_ns", "queued_ns", "voluntary_switches", "forced_switches", "peak_memory_kib")
MS = 1_000_000


def plan(load: Load | None = None, duration_s: float = 1.0, warmup_s: float = 0.5) -> Plan:
    return Plan(Target.parse("127.0.0.1:9"), load or Load(3), duration_s, warmup_s)


def begun(made: Plan, **more: Any) -> Recorder:
    """Return a recorder that has been told of its window."""
    recorder = Recorder(made, made.load.connections, **more)
    open_ns = START_NS + int(made.warmup_s * 1e9)
    recorder.begin(START_NS, open_ns, open_ns + int(made.duration_s * 1e9))
    return recorder


def part(recorder: Recorder, path: Path, ended_ns: int, **facts: Any) -> Part:
    """Return what a worker would hand over of it."""
    driver: Any = SimpleNamespace(recorder=recorder, facts=Facts())
    used = dict.fromkeys(COUNTERS, 0)
    times = {
        "open_ns": recorder.open_ns,
        "close_ns": recorder.close_ns,
        "started_late_ns": 0,
        "before": used | {"at_ns": recorder.open_ns},
        "after": used | {"at_ns": recorder.close_ns},
        "ended_ns": ended_ns,
    }
    saved = worker.save(driver, os.open(path, os.O_WRONLY | os.O_CREAT))
    known = worker.findings(driver, times, len(recorder.replies), saved)
    return Part(known | {"next_source": 0} | facts, path)


def window(recorder: Recorder, path: Path, ended_ns: int | None = None) -> Window:
    """Return the window that the analysis makes of it."""
    return columns.read([part(recorder, path, ended_ns or recorder.close_ns + 100 * MS)])
