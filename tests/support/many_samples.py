"""Analyse a trial of many raw samples, and say how long it took and how much memory.

    python -m tests.support.many_samples FOLDER SAMPLES [closed|open]

Prints one JSON object. Run as a process of its own, for the memory to be the analysis's.
"""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from loadgen.digest import digest
from loadgen.driver import Facts
from loadgen.part import Part
from loadgen.phases import peak_memory_kib
from loadgen.plan import Load, Plan, Target
from loadgen.recorder import BUCKETS, Recorder
from loadgen.worker import FACTS

CONNECTIONS = 50
WINDOW_S = 30.0
MEAN_NS = 300_000
START_NS = 10**12


def part(plan: Plan, folder: Path, samples: int) -> Part:
    """Write the columns of one generator process, as it does, and return its facts with them."""
    closed = plan.load.rate is None
    source = np.random.default_rng(3)
    received = START_NS + np.sort(source.integers(0, int(WINDOW_S * 1e9), samples))
    sent = received - source.exponential(MEAN_NS, samples).astype(np.int64)
    sent = np.maximum(sent, START_NS)
    counts = dict.fromkeys(("connects", "response", "service", "lag"), np.zeros(BUCKETS, np.int64))
    recorder = Recorder(plan, CONNECTIONS, sends_as_intended=closed)
    columns = {
        "sent": sent,
        "received": received,
        "slot": source.integers(0, CONNECTIONS, samples),
        "unanswered": np.empty(0, dtype=np.int64),
        **counts,
        "replies": np.zeros(CONNECTIONS, np.int64),
        "steps": np.zeros(len(recorder.steps), np.int64),
    }
    if not closed:
        columns["intended"] = sent
    path = folder / "columns"
    with path.open("wb") as file:
        for column in columns.values():
            column.tofile(file)
    lengths = {name: len(column) for name, column in columns.items()}
    return Part(facts(recorder, samples) | {"columns": lengths}, path)


def facts(recorder: Recorder, samples: int) -> dict[str, Any]:
    """Return what a process says beside its columns."""
    end_ns = START_NS + int(WINDOW_S * 1e9)
    counters = ("cpu_ns", "queued_ns", "voluntary_switches", "forced_switches", "peak_memory_kib")
    used = dict.fromkeys(counters, 0)
    known = Facts()
    return {name: getattr(known, name) for name in FACTS} | {
        "open_ns": START_NS,
        "close_ns": end_ns,
        "started_late_ns": 0,
        "before": used | {"at_ns": START_NS},
        "after": used | {"at_ns": end_ns},
        "ended_ns": end_ns,
        "raw": True,
        "sends_as_intended": recorder.sends_as_intended,
        "counted_in_window": 0,
        "left": {"all": 0, "sent": 0, "unsent": 0},
        "step_ns": recorder.step_ns,
        "steps_before": recorder.steps_before,
        "steps_inside": recorder.steps_inside,
        "next_source": 0,
        "connections": CONNECTIONS,
        "due": samples,
    }


def main() -> None:
    """Make the samples, analyse them, report."""
    folder, samples = Path(sys.argv[1]), int(sys.argv[2])
    is_open = sys.argv[3:] == ["open"]
    load = Load(CONNECTIONS, rate=samples / WINDOW_S if is_open else None)
    plan = Plan(Target.parse("127.0.0.1:9"), load, WINDOW_S, 0.0)
    made = part(plan, folder, samples)
    begun_s = time.perf_counter()
    found = digest(plan, [made], folder / "samples.npz")
    report = {
        "seconds": time.perf_counter() - begun_s,
        "peak_mib": peak_memory_kib(resource.getrusage(resource.RUSAGE_SELF)) / 1024,
        "samples": found.samples,
        "p99_us": found.response_us.p99,
        "replies": found.series.replies,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
