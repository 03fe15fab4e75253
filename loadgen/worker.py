"""One generator process: takes an order on standard input, drives the load, writes what it saw.

The conversation with the fleet, a line each: the order; `{"connected": true}`; the start instant
(nanoseconds of the monotonic clock, which all processes share); `{"drained": true}`; an empty line,
after which the connections are closed; the facts. Columns go to the descriptor that the order
names: memory that the fleet has made, so that no folder can be full. Where the order says that it
can be stopped, SIGINT closes the window early.
"""

import json
import os
import sys
from dataclasses import replace
from typing import Any

from loadgen.churn import ChurnLoop
from loadgen.closed import ClosedLoop
from loadgen.datagram import DatagramLoop
from loadgen.driver import REAL, Driver, System
from loadgen.open import OpenLoop
from loadgen.paced import PacedLoop
from loadgen.phases import Stop, die_with_the_fleet, drive, say
from loadgen.pipelined import PipelinedLoop
from loadgen.plan import Plan, PlanError
from loadgen.ports import raise_descriptor_limit
from loadgen.slowing import Slowing
from loadgen.sockets import Dialer

FACTS = (
    "mismatches",
    "errors",
    "not_connected",
    "evidence",
    "shortages",
    "shortage",
    "lives",
    "life_ns",
    "due",
    "polls",
    "full_polls",
    "idle_ns",
    "silent",
    "duplicated",
    "reordered",
    "late",
)


def choose(plan: Plan, connections: int, dialer: Dialer, system: System = REAL) -> Driver:
    """Return the driver for a load; those that most loads are have the fastest."""
    load = plan.load
    if plan.target.transport == "udp":
        return DatagramLoop(plan, connections, dialer, system)
    plain = load.depth == 1 and load.think_us == 0
    chosen: type[Any]
    if plan.mixture or (plan.marked and load.rate is not None):
        # Which class a request is of, and that one is in flight at a time, the general way knows.
        chosen = PacedLoop
    elif load.requests_per_connection is not None:
        chosen = ChurnLoop if plain and load.max_in_flight is None else PacedLoop
    elif load.rate is not None:
        chosen = OpenLoop if load.max_in_flight is None else PacedLoop
    elif load.think_us:
        chosen = PacedLoop
    else:
        chosen = ClosedLoop if plain else PipelinedLoop
    driver: Driver = chosen(plan, connections, dialer, system)
    return driver


def save(driver: Driver, target: int) -> dict[str, int]:
    """Write the columns one after another; return their names and lengths in that order."""
    recorder, facts = driver.recorder, driver.facts
    rows = recorder.kept if not recorder.raw else recorder.rows
    columns: dict[str, Any] = {
        "sent": recorder.sent[:rows],
        "received": recorder.received[:rows],
        "slot": recorder.slot[:rows],
        "unanswered": recorder.unanswered,
        "connects": facts.connects,
        **recorder.counts,
        "replies": recorder.replies,
        "steps": recorder.steps,
    }
    if not recorder.sends_as_intended:
        columns["intended"] = recorder.intended[:rows]
    with os.fdopen(target, "wb") as file:
        for column in columns.values():
            file.write(column)
    return {name: len(column) for name, column in columns.items()}


def findings(
    driver: Driver, times: dict[str, Any], connections: int, columns: dict[str, int]
) -> dict[str, Any]:
    """Return the facts that go with the columns."""
    facts, recorder = driver.facts, driver.recorder
    return {
        **times,
        "raw": recorder.raw,
        "sends_as_intended": recorder.sends_as_intended,
        "counted_in_window": recorder.counted_in_window,
        "counted_heavy": recorder.counted_heavy,
        "left": recorder.left,
        "step_ns": recorder.step_ns,
        "steps_before": recorder.steps_before,
        "steps_inside": recorder.steps_inside,
        "connections": connections,
        "columns": columns,
        **{name: getattr(facts, name) for name in FACTS},
    }


def main() -> None:
    """Carry out one order."""
    die_with_the_fleet()
    order = json.loads(sys.stdin.readline())
    plan = Plan.from_json(order["plan"])
    if order["cpu"] is not None:
        os.sched_setaffinity(0, {order["cpu"]})
    try:
        raise_descriptor_limit(order["connections"])
        dialer = Dialer(plan, order["number"], plan.processes)
        slowing = Slowing(plan, REAL) if plan.extra_us else None
        system = replace(REAL, write=slowing.write) if slowing else REAL
        driver = choose(plan, order["connections"], dialer, system)
    except PlanError as error:
        say(refused=str(error))
        return
    times = drive(plan, driver, Stop(possible=order["stoppable"]))
    if not times:
        say(stopped=True)
        return
    say(drained=True)
    sys.stdin.readline()
    driver.close()
    columns = save(driver, order["target"])
    known = findings(driver, times, order["connections"], columns)
    if slowing is not None:
        known["slices"] = slowing.requests
    say(**known, next_source=dialer.turns)


if __name__ == "__main__":
    main()
