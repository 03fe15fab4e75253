"""Analyse a trial of many raw samples, and say how long it took and how much memory.

    python -m tests.many_samples FOLDER SAMPLES

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
from loadgen.part import Part
from loadgen.plan import Load, Plan, Target

CONNECTIONS = 50
WINDOW_S = 30.0
MEAN_NS = 300_000
START_NS = 10**12


def part(folder: Path, samples: int) -> Part:
    """Write the columns of one generator process, as it does, and return its facts with them."""
    source = np.random.default_rng(3)
    received = START_NS + np.sort(source.integers(0, int(WINDOW_S * 1e9), samples))
    sent = received - source.exponential(MEAN_NS, samples).astype(np.int64)
    columns = {"intended": sent, "sent": sent, "received": received}
    columns["slot"] = source.integers(0, CONNECTIONS, samples)
    empty = np.empty(0, dtype=np.int64)
    names = ("unanswered", "dialled_at", "dial", "lived_at", "life")
    columns |= dict.fromkeys((*names, "response", "service", "lag", "replies", "series"), empty)
    path = folder / "columns"
    with path.open("wb") as file:
        for column in columns.values():
            column.tofile(file)
    end_ns = START_NS + int(WINDOW_S * 1e9)
    return Part(facts(end_ns) | {"columns": {n: len(c) for n, c in columns.items()}}, path)


def facts(end_ns: int) -> dict[str, Any]:
    """Return what a process says beside its columns."""
    counters = ("cpu_ns", "queued_ns", "voluntary_switches", "forced_switches", "peak_memory_kib")
    used = dict.fromkeys(counters, 0)
    zeros = ("mismatches", "errors", "not_connected", "duplicated", "reordered", "late", "replies")
    return dict.fromkeys(zeros, 0) | {
        "started_ns": START_NS,
        "before": used | {"at_ns": START_NS},
        "after": used | {"at_ns": end_ns},
        "ended_ns": end_ns,
        "raw": True,
        "connections": CONNECTIONS,
        "evidence": [],
        "silent": False,
    }


def main() -> None:
    """Make the samples, analyse them, report."""
    folder, samples = Path(sys.argv[1]), int(sys.argv[2])
    made = part(folder, samples)
    plan = Plan(Target.parse("127.0.0.1:9"), Load(CONNECTIONS), WINDOW_S, 0.0)
    begun_s = time.perf_counter()
    found = digest(plan, [made], folder / "samples.npz")
    report = {
        "seconds": time.perf_counter() - begun_s,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "samples": found["samples"],
        "p99_us": found["response_us"]["p99"],
        "replies": found["series"]["replies"],
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
