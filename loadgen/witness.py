"""The witness: an independent client in C, which puts the load of a plan on the same server.

What limits a load, the server or its generator, is seen by a second client that shares nothing with
the generator: what it gets the server can do at least. `make native` builds it of
`native/witness.c`; it keeps no times, and looks at the first bytes of each reply.
"""

import json
import math
import select
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from loadgen.plan import Plan, PlanError
from loadgen.result import Witness
from loadgen.sockets import ephemeral_ports, is_loopback, resolve

PROGRAM = Path(__file__).parent / "native" / "witness"
# An installed package has no Makefile: there it comes with a source tree only.
IN_TREE = (Path(__file__).parent.parent / "Makefile").exists()
BUILT_BY = "make native; that needs a C compiler" if IN_TREE else "in a source tree: make native"
# From the order to start until the load begins, for each process, as the generator's fleet has it.
LEAD_S = 0.005
# Over and above the plan's own times, before a process counts as hung.
PATIENCE_S = 5.0
WORDS_MOST = 200
# A bit each: the datagrams in flight on a socket that it tells from copies.
DATAGRAMS_MOST = 64
# It counts the turns of its sources in 32 bits.
TURNS_MOST = 2**31


class WitnessError(RuntimeError):
    """There is no witness; the message says why. Nothing is said of the server."""


def built() -> bool:
    """Tell if there is a witness on this machine."""
    return PROGRAM.exists()


def unfit(plan: Plan) -> str:
    """Return why the witness cannot put a load on its server, empty if it can."""
    load = plan.load
    churns = load.requests_per_connection is not None
    reasons = {
        f"is not built ({BUILT_BY})": not built(),
        "has no think time": load.think_us > 0,
        "does not bound the requests in flight": load.max_in_flight is not None,
        "renews no connections at a rate": churns and load.rate is not None,
        "has one request in flight in churn": churns and load.depth > 1,
        f"has {DATAGRAMS_MOST} datagrams in flight on a socket at most": (
            plan.target.transport == "udp" and load.depth > DATAGRAMS_MOST
        ),
        "knows no source addresses but those of loopback": bool(plan.sources),
    }
    return next((f"the witness {why}" for why, holds in reasons.items() if holds), "")


def drive(plan: Plan, seconds: float, warmup_s: float) -> Witness:
    """Put the load of a plan on its server, for so long in place of the plan's own times.

    As many processes as the plan has, on the same CPUs, begun at one instant; their counts are
    added up. The plan's own connections must be closed by then.

    Raises:
        WitnessError: it cannot drive such a load, or one of its processes failed
    """
    if why := unfit(plan):
        raise WitnessError(why)
    try:
        with ExitStack() as stack:
            times = [f"seconds={seconds}", f"warmup={warmup_s}"]
            processes = [
                _started(stack, [str(PROGRAM), *order(plan, number), *times])
                for number in range(plan.processes)
            ]
            for process in processes:
                _hear(process, plan.connect_s)
            start_s = time.monotonic() + LEAD_S * len(processes)
            for process in processes:
                assert process.stdin is not None
                process.stdin.write(f"{start_s}\n")
                process.stdin.flush()
            counts = [_hear(process, warmup_s + seconds) for process in processes]
    except (OSError, PlanError) as error:
        raise WitnessError(f"the witness could not be started: {error}") from None
    return Witness(
        throughput_rps=math.fsum(each["replies"] / each["seconds"] for each in counts),
        wrong=sum(each["wrong"] for each in counts),
        window_s=max(each["seconds"] for each in counts),
        processes=len(counts),
    )


def order(plan: Plan, number: int) -> list[str]:
    """Return what process `number` of a plan is told, without the times; raises PlanError."""
    load, address = plan.load, resolve(plan.target)
    host, port = (address, 0) if isinstance(address, str) else address
    churns = load.requests_per_connection is not None
    options: dict[str, float] = {
        "connections": plan.share(load.connections, number),
        "idle": plan.share(load.idle, number),
        "payload": load.payload_bytes,
        "depth": load.depth,
        "requests": load.requests_per_connection or 0,
        "rate": (load.rate or 0.0) / plan.processes,
        "sleep": plan.wait == "sleep",
        "cpu": plan.cpus[number % len(plan.cpus)] if plan.cpus else -1,
        "seed": plan.block * plan.processes + number,
        # As `sockets.Dialer` has it.
        "source": (plan.first_source + number) % TURNS_MOST,
        "stride": plan.processes,
    }
    if churns and plan.target.transport == "tcp6" and is_loopback(address):
        options["port_low"], options["port_high"] = ephemeral_ports()
    told = [f"{name}={float(value):.15g}" for name, value in options.items()]
    return [plan.target.transport, host, str(port), *told]


def _started(stack: ExitStack, words: list[str]) -> subprocess.Popen[str]:
    """Start one process, which ends with the stack whatever happens."""
    process = stack.enter_context(
        subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Ctrl-C is for the house: it ends the trial in good order.
            start_new_session=True,
        )
    )
    stack.callback(process.kill)
    return process


def _hear(process: subprocess.Popen[str], expected_s: float) -> dict[str, Any]:
    """Return what a process says next; raises WitnessError."""
    assert process.stdout is not None
    assert process.stderr is not None
    if not select.select([process.stdout], [], [], expected_s + PATIENCE_S)[0]:
        raise WitnessError(f"the witness hangs: it said nothing for {expected_s + PATIENCE_S:g} s")
    if line := process.stdout.readline():
        said: dict[str, Any] = json.loads(line)
        return said
    words = process.stderr.read().strip()[-WORDS_MOST:]
    raise WitnessError(f"the witness failed: {words or f'status {process.wait()}'}")
