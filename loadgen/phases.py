"""The phases of a load in one process: connect, warm-up, window, drain; some can be stopped."""

import contextlib
import ctypes
import gc
import json
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any

from loadgen.driver import Driver
from loadgen.plan import Plan

# A load that can be stopped is driven in pieces of so long: a loop looks at nothing but its clock.
PIECE_NS = 250_000_000
PR_SET_PDEATHSIG = 1


def die_with_the_fleet() -> None:
    """Let the kernel end this process with the one that started it: none outlives its house."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def say(**fact: object) -> None:
    """Tell the fleet something."""
    print(json.dumps(fact), flush=True)


def peak_memory_kib(used: resource.struct_rusage) -> int:
    """Return the most memory that this process has had in use.

    Of its own program: what getrusage says includes that of the process that started it.
    """
    with contextlib.suppress(OSError, ValueError, IndexError):
        status = Path("/proc/self/status").read_text(encoding="utf-8", errors="replace")
        return int(status.partition("VmHWM:")[2].split()[0])
    return used.ru_maxrss


def usage() -> dict[str, int]:
    """Return what this process has used so far: CPU, time in the run queue, switches."""
    try:
        # The second field: nanoseconds spent runnable but waiting for a CPU.
        queued_ns = int(Path("/proc/self/schedstat").read_text(encoding="ascii").split()[1])
    except OSError:
        queued_ns = 0
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "at_ns": time.monotonic_ns(),
        "cpu_ns": time.process_time_ns(),
        "queued_ns": queued_ns,
        "voluntary_switches": used.ru_nvcsw,
        "forced_switches": used.ru_nivcsw,
        "peak_memory_kib": peak_memory_kib(used),
    }


class Stop:
    """Whether somebody has asked to end early; where nobody can, a load is driven in one piece."""

    def __init__(self, *, possible: bool) -> None:
        """Listen to SIGINT, if it is possible."""
        self.asked = False
        self.possible = possible
        if possible:
            signal.signal(signal.SIGINT, self.ask)

    def ask(self, *_: object) -> None:
        """Be asked."""
        self.asked = True

    def drive(self, driver: Driver, until_ns: int) -> int:
        """Drive the load until an instant, or until it is to stop; return which that was."""
        if not self.possible:
            driver.run(until_ns)
            return until_ns
        at_ns = time.monotonic_ns()
        while True:
            at_ns = min(until_ns, at_ns + PIECE_NS)
            driver.run(at_ns)
            if self.asked or at_ns == until_ns:
                return at_ns


def connect(plan: Plan, driver: Driver) -> None:
    """Establish the connections, and tell whether there is any; None where none is tried yet."""
    driver.connect(time.monotonic_ns() + int(plan.connect_s * 1e9))
    # What exists now stays: the collector has nothing to do in the window, and is off.
    gc.collect()
    gc.freeze()
    gc.disable()
    facts = driver.facts
    tried = plan.target.transport != "udp" and plan.load.requests_per_connection is None
    why = facts.shortage or next((str(piece["detail"]) for piece in facts.evidence), "")
    reached = any(facts.connects) if tried else None
    say(connected=True, reached=reached, why=why, short=bool(facts.shortage))


def drive(plan: Plan, driver: Driver, stop: Stop) -> dict[str, Any]:
    """Carry the load through connect, warm-up, window and drain.

    Returns: the instants, what was used, and the replies counted in the window (buckets only);
        nothing if it was stopped before the window opened.
    """
    connect(plan, driver)
    start_ns = int(sys.stdin.readline())
    open_ns = start_ns + int(plan.warmup_s * 1e9)
    close_ns = open_ns + int(plan.duration_s * 1e9)
    recorder = driver.recorder
    recorder.begin(start_ns, open_ns, close_ns)
    while (left_ns := start_ns - time.monotonic_ns()) > 0:
        time.sleep(left_ns / 1e9)
    late_ns = -left_ns
    if plan.warmup_s:
        # Half of the warm-up tells how much room the window needs; the other half forgets the look.
        stop.drive(driver, (start_ns + open_ns) // 2)
        recorder.project(time.monotonic_ns())
        if stop.asked or stop.drive(driver, open_ns) < open_ns:
            return {}
    before = usage()
    recorder.open()
    driver.facts.open(churn=plan.load.requests_per_connection is not None)
    if (closed_ns := stop.drive(driver, close_ns)) < close_ns:
        recorder.close_ns = close_ns = closed_ns
        if (arrivals := getattr(driver, "arrivals", None)) is not None:
            arrivals.cut(open_ns, close_ns)
    after = usage()
    driver.drain(time.monotonic_ns() + int(plan.drain_s * 1e9))
    return {
        "open_ns": open_ns,
        "close_ns": close_ns,
        "started_late_ns": late_ns,
        "before": before,
        "after": after,
        "ended_ns": driver.recorder.drained_ns,
    }
