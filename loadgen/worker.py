"""One generator process: takes an order on standard input, drives the load, writes what it saw.

The conversation with the fleet, a line each: the order; `{"connected": true}`; the start instant
(nanoseconds of the monotonic clock, which all processes share); `{"drained": true}`; an empty line,
after which the connections are closed; the facts. Columns go to the file that the order names.
"""

import ctypes
import gc
import json
import os
import resource
import signal
import sys
import time
from array import array
from pathlib import Path
from typing import Any

from loadgen.closed import ClosedLoop
from loadgen.datagram import DatagramLoop
from loadgen.driver import Driver
from loadgen.open import OpenLoop
from loadgen.paced import PacedLoop
from loadgen.plan import Plan, PlanError
from loadgen.sockets import raise_descriptor_limit

PR_SET_PDEATHSIG = 1
FACTS = (
    "mismatches",
    "errors",
    "not_connected",
    "evidence",
    "silent",
    "duplicated",
    "reordered",
    "late",
)


def choose(plan: Plan, connections: int) -> Driver:
    """Return the driver for a load; the plain loops have the fastest."""
    load = plan.load
    if plan.target.transport == "udp":
        return DatagramLoop(plan, connections)
    if load.rate is None and load.depth == 1 and load.think_us == 0:
        return ClosedLoop(plan, connections)
    if load.rate and load.requests_per_connection is None and load.max_in_flight is None:
        return OpenLoop(plan, connections)
    return PacedLoop(plan, connections)


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
        "peak_memory_kib": used.ru_maxrss,
    }


def say(**fact: object) -> None:
    """Tell the fleet something."""
    print(json.dumps(fact), flush=True)


def drive(plan: Plan, driver: Driver) -> dict[str, Any]:
    """Carry the load through connect, warm-up, window and drain.

    Returns: the instants, what was used, and the replies counted in the window (buckets only).
    """
    driver.connect(time.monotonic_ns() + int(plan.connect_s * 1e9))
    # What exists now stays: the collector has nothing to do in the window, and is off.
    gc.collect()
    gc.freeze()
    gc.disable()
    say(connected=True)
    start_ns = int(sys.stdin.readline())
    open_ns = start_ns + int(plan.warmup_s * 1e9)
    close_ns = open_ns + int(plan.duration_s * 1e9)
    while (left_ns := start_ns - time.monotonic_ns()) > 0:
        time.sleep(left_ns / 1e9)
    if plan.warmup_s:
        driver.run(open_ns)
    before = usage()
    driver.recorder.open_ns = before["at_ns"]
    driver.run(close_ns)
    after = usage()
    replies = sum(driver.recorder.series)
    driver.drain(after["at_ns"] + int(plan.drain_s * 1e9))
    ended_ns = time.monotonic_ns()
    return {
        "started_ns": start_ns,
        "before": before,
        "after": after,
        "ended_ns": ended_ns,
        "replies": replies,
    }


def save(driver: Driver, path: Path) -> dict[str, int]:
    """Write the columns one after another; return their names and lengths in that order."""
    recorder, facts = driver.recorder, driver.facts
    rows = recorder.rows if recorder.raw else 0
    columns: dict[str, array[int]] = {
        # The plain closed loop sends when it intends to, and fills one column for both.
        "intended": (recorder.sent if isinstance(driver, ClosedLoop) else recorder.intended)[:rows],
        "sent": recorder.sent[:rows],
        "received": recorder.received[:rows],
        "slot": recorder.slot[:rows],
        "unanswered": recorder.unanswered,
        "dialled_at": facts.dialled_at,
        "dial": facts.dial_ns,
        "lived_at": facts.lived_at,
        "life": facts.life_ns,
        "response": recorder.response,
        "service": recorder.service,
        "lag": recorder.lag,
        "replies": recorder.replies,
        "series": recorder.series,
    }
    with path.open("wb") as file:
        for column in columns.values():
            column.tofile(file)
    return {name: len(column) for name, column in columns.items()}


def main() -> None:
    """Carry out one order."""
    # Die with the fleet, however it ends: no generator outlives its house.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    order = json.loads(sys.stdin.readline())
    plan = Plan.from_json(order["plan"])
    if order["cpu"] is not None:
        os.sched_setaffinity(0, {order["cpu"]})
    try:
        raise_descriptor_limit(order["connections"] + plan.load.idle)
        driver = choose(plan, order["connections"])
    except PlanError as error:
        say(refused=str(error))
        return
    times = drive(plan, driver)
    say(drained=True)
    sys.stdin.readline()
    driver.close()
    facts = driver.facts
    say(
        **times,
        raw=driver.recorder.raw,
        connections=order["connections"],
        columns=save(driver, Path(order["path"])),
        **{name: getattr(facts, name) for name in FACTS},
    )


if __name__ == "__main__":
    main()
