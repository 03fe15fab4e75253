"""An independent client in C beside the generator: what a server gives to another program.

`make native` builds it from `native/witness.c`. It verifies each reply's length and first bytes,
and records counts alone.
"""

import json
import math
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadgen.plan import Plan
from loadgen.sockets import is_loopback, resolve

PROGRAM = Path(__file__).parent / "native" / "witness"
# Over and above the span that was asked for: to start, and to connect to a slow server.
PATIENCE_S = 10.0
WORDS_MOST = 200


@dataclass(frozen=True)
class Witness:
    """What the witness got of the server of a trial, right after its window.

    throughput_rps: replies per second; wrong: replies whose length or first bytes were others
    window_s: how long it counted; processes: how many took part
    """

    throughput_rps: float
    wrong: int
    window_s: float
    processes: int


class WitnessError(RuntimeError):
    """The witness could not do its part; the message says why. Nothing is said of the server."""


def unfit(plan: Plan) -> str:
    """Return why the witness cannot drive a load as the generator does, empty if it can."""
    load = plan.load
    if load.think_us:
        return "it has no think time"
    if load.rate is not None and load.requests_per_connection is not None:
        return "it does not renew connections at a rate"
    if load.max_in_flight is not None:
        return "it does not bound the requests in flight"
    if plan.sources:
        return "it has no source addresses of its own"
    loopback = plan.target.transport == "tcp6" and is_loopback(resolve(plan.target))
    if load.requests_per_connection is not None and loopback:
        return "it does not share out ports, which churn over ::1 needs"
    if not PROGRAM.exists():
        return "it is not built (make native; needs a C compiler)"
    return ""


def drive(plan: Plan, window_s: float, warmup_s: float, first_source: int = 0) -> Witness:
    """Put a plan's load on its server with the witness instead of the generator.

    One process for each of the plan's, on the same CPUs; their counts are added up.

    Raises:
        WitnessError: it cannot drive such a load, or one of its processes failed
    """
    if why := unfit(plan):
        raise WitnessError(why)
    programs = []
    try:
        for number in range(plan.processes):
            words = _words(plan, number, window_s, warmup_s, first_source)
            programs.append(
                subprocess.Popen(
                    words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
                )
            )
        patience_s = window_s + warmup_s + PATIENCE_S
        counts = [_counts(program, patience_s) for program in programs]
    except OSError as error:
        raise WitnessError(f"cannot be started: {error.strerror or error}") from None
    finally:
        for program in programs:
            program.kill()
            program.communicate()
    return Witness(
        throughput_rps=math.fsum(each["replies"] / each["seconds"] for each in counts),
        wrong=sum(each["wrong"] for each in counts),
        window_s=max(each["seconds"] for each in counts),
        processes=len(counts),
    )


def _counts(program: subprocess.Popen[bytes], patience_s: float) -> dict[str, Any]:
    try:
        said, complaint = program.communicate(timeout=patience_s)
    except subprocess.TimeoutExpired:
        raise WitnessError(f"has said nothing for {patience_s:.0f} s") from None
    if program.returncode:
        words = complaint.decode(errors="replace").strip()[-WORDS_MOST:]
        raise WitnessError(words or f"ended with status {program.returncode}")
    counts: dict[str, Any] = json.loads(said)
    return counts


def _words(
    plan: Plan, number: int, window_s: float, warmup_s: float, first_source: int
) -> list[str]:
    """Return the command line of one of the processes."""
    load, target = plan.load, plan.target
    address = resolve(target)
    host, port = (address, 0) if isinstance(address, str) else address
    cpu = plan.cpus[number % len(plan.cpus)] if plan.cpus else -1
    values = (
        *(target.transport, host, port, cpu),
        *(_share(load.connections, plan, number), _share(load.idle, plan, number)),
        *(load.payload_bytes, load.depth, load.requests_per_connection or 0),
        *((load.rate or 0) / plan.processes, warmup_s, window_s, plan.wait),
        first_source + number * 100,
    )
    return [str(PROGRAM), *map(str, values)]


def _share(total: int, plan: Plan, number: int) -> int:
    each, rest = divmod(total, plan.processes)
    return each + (number < rest)
