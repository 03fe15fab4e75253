"""How much work takes how long on a CPU of this machine, under each interpreter."""

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace

from bench.base.shortages import HouseError
from bench.model.calibration import Amount
from bench.model.interpreter import Interpreter
from bench.model.server import environment

# A look at all pieces of a run takes a second or two.
PATIENCE_S = 120.0


def measured_out(
    wanted: Iterable[tuple[str, float]], python: Interpreter | None, cpu: int
) -> tuple[Amount, ...]:
    """Return the counts of pieces of work, each of a kind and so many microseconds.

    python: what the servers run under, None is ours; cpu: the one that they run on

    Raises:
        HouseError: the interpreter cannot do them
    """
    wanted = list(wanted)
    found = _asked([(kind, us, None) for kind, us in wanted], python, cpu)
    name = python.name if python else ""
    return tuple(
        Amount(name, kind, us, count, took_us)
        for (kind, us), (count, took_us) in zip(wanted, found, strict=True)
    )


def looked_at_again(
    amounts: Iterable[Amount], python: Interpreter | None, cpu: int
) -> tuple[Amount, ...]:
    """Return pieces of work with the time that they take now; raises HouseError."""
    amounts = list(amounts)
    found = _asked([(each.kind, each.us, each.count) for each in amounts], python, cpu)
    return tuple(
        replace(each, at_end_us=took_us) for each, (_, took_us) in zip(amounts, found, strict=True)
    )


def _asked(
    pieces: list[tuple[str, float, int | None]], python: Interpreter | None, cpu: int
) -> list[tuple[int, float]]:
    words = python.words if python else (sys.executable,)
    try:
        done = subprocess.run(
            [*words, "-P", "-m", "servers.calibrate"],
            input=json.dumps({"cpu": cpu, "pieces": pieces}),
            env=environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or [f"status {error.returncode}"])[-1]
        raise HouseError(f"work cannot be measured out: {last}") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HouseError(f"work cannot be measured out: {error}") from None
    return [(count, took_us) for count, took_us in json.loads(done.stdout)]
