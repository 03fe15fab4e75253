"""The generator's processes: started together, begun at one instant, their columns collected."""

import hashlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import loadgen
from loadgen.part import Looks, Moment, Part
from loadgen.plan import Plan, PlanError
from loadgen.ports import check_ports
from loadgen.result import Result

# From the order to start until the load begins, for each process: to be told, and to have read it.
# One that was late all the same says by how much (`started_late_s`).
LEAD_NS = 5_000_000
# Over and above the plan's own times, before a process counts as hung. It is no measure of speed: a
# machine on which a process says nothing for so long measures nothing.
PATIENCE_S = 30.0
# Read from the end of what a dead process said: enough for a traceback's last line.
WORDS_MAX = 4000

# Told of the moments as they come, with the ids of the generator processes;
# returns the instant (monotonic clock, ns) at which it read what it counts from moment to moment.
Watch = Callable[[Moment, list[int]], int]


class FleetError(RuntimeError):
    """A generator process died or hung; the message has its last words.

    It is the instrument that failed, and nothing is said of the server.
    """


def seed_of(seed: int, block: int, process: int) -> int:
    """Return the seed of a process in a block: the same for every server that is measured in it.

    A hash, so that no process of one seed draws what another of the next seed does.
    """
    digest = hashlib.blake2b(f"{seed} {block} {process}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def environment() -> dict[str, str]:
    """Return the environment of a generator process: free of Python's switches, as the servers' is.

    PYTHONTRACEMALLOC alone slows it down 2 to 5 times.
    """
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return plain | {"PYTHONPATH": str(Path(loadgen.__file__).parent.parent)}


class Fleet:
    """The processes that share one plan; entered when all are connected.

    Raises:
        PlanError: a limit of this machine forbids the plan
        FleetError: a process died or hung
    """

    def __init__(self, plan: Plan) -> None:
        """Only keep the plan."""
        self.plan = plan
        self.workers: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Self:
        """Start the processes and wait until each has its connections."""
        check_ports(self.plan)
        self.columns: list[int] = []
        self.errors: list[int] = []
        try:
            for number in range(self.plan.processes):
                try:
                    self._start(number)
                except OSError as error:  # no descriptors, no processes, no memory
                    why = error.strerror or str(error)
                    raise FleetError(f"generator process {number} cannot start: {why}") from None
            for number in range(self.plan.processes):
                self._hear(number, self.plan.connect_s, "connected")
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the processes and let go of what they wrote."""
        self._end()

    def generate(self, watch: Watch | None = None) -> tuple[list[Part], Looks | None]:
        """Run the load once; return what each process saw, and when `watch` looked.

        `watch` is called at the opening and the close of the window, and when the drain is over
        and the connections are still open.
        """
        plan, pids = self.plan, [worker.pid for worker in self.workers]
        start_ns = time.monotonic_ns() + LEAD_NS * len(self.workers)
        for number in range(len(self.workers)):
            self._tell(number, str(start_ns))
        edges_s = {Moment.OPEN: plan.warmup_s, Moment.CLOSE: plan.warmup_s + plan.duration_s}
        looked, used_s = [], []
        for moment, after_s in edges_s.items():
            time.sleep(max(0.0, start_ns / 1e9 + after_s - time.monotonic()))
            if watch is not None:
                looked.append(watch(moment, pids))
            used_s.append(time.process_time())
        for number in range(len(self.workers)):
            self._hear(number, plan.drain_s, "drained")
        if watch is not None:
            watch(Moment.DRAINED, pids)
        for number in range(len(self.workers)):
            self._tell(number, "")
        parts = [
            Part(self._hear(number, 0, "columns"), self._path(number))
            for number in range(len(self.workers))
        ]
        if not looked:
            return parts, None
        return parts, Looks(looked[0], looked[1], used_s[1] - used_s[0])

    def _path(self, number: int) -> Path:
        return Path(f"/proc/self/fd/{self.columns[number]}")

    def _share(self, total: int, number: int) -> int:
        """Return how many of `total` process `number` takes: even, the first ones one more."""
        each, rest = divmod(total, self.plan.processes)
        return each + (number < rest)

    def _start(self, number: int) -> None:
        plan, cpus = self.plan, self.plan.cpus
        load = replace(plan.load, idle=self._share(plan.load.idle, number))
        if load.max_in_flight is not None:
            load = replace(load, max_in_flight=max(1, self._share(load.max_in_flight, number)))
        seed = seed_of(plan.seed, plan.block, number)
        # Memory, not files: the folder for temporary ones may be full, and samples are many.
        columns = os.memfd_create(f"columns-{number}")
        self.columns.append(columns)
        self.errors.append(os.memfd_create(f"errors-{number}"))
        order = {
            "plan": replace(plan, load=load, seed=seed).to_json(),
            "number": number,
            "connections": self._share(plan.load.connections, number),
            "cpu": cpus[number % len(cpus)] if cpus else None,
            "target": columns,
        }
        worker = subprocess.Popen(
            [sys.executable, "-P", "-m", "loadgen.worker"],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors[number],
            pass_fds=[columns],
            text=True,
            # Ctrl-C is for the house: it ends the trial in good order.
            start_new_session=True,
        )
        self.workers.append(worker)
        self._tell(number, json.dumps(order))

    def _tell(self, number: int, line: str) -> None:
        stdin = self.workers[number].stdin
        assert stdin is not None
        try:
            stdin.write(line + "\n")
            stdin.flush()
        except BrokenPipeError:
            raise self._death(number) from None

    def _hear(self, number: int, expected_s: float, key: str) -> dict[str, Any]:
        """Return what a process says next, which must hold `key`."""
        worker = self.workers[number]
        assert worker.stdout is not None
        # One line at a time is said and read, so none waits in the buffer behind the descriptor.
        if not select.select([worker.stdout], [], [], expected_s + PATIENCE_S)[0]:
            raise FleetError(f"generator process {number} hangs: it has not said {key!r}")
        line = worker.stdout.readline()
        if not line:
            raise self._death(number)
        fact: dict[str, Any] = json.loads(line)
        if "refused" in fact:
            raise PlanError(fact["refused"])
        if key not in fact:
            raise FleetError(f"generator process {number} said {line!r} and not {key!r}")
        return fact

    def _death(self, number: int) -> FleetError:
        status = self.workers[number].wait()
        errors = self.errors[number]
        words = os.pread(errors, WORDS_MAX, max(0, os.fstat(errors).st_size - WORDS_MAX))
        lines = words.decode(errors="replace").strip().splitlines()
        how = f"was killed by {_signal(-status)}" if status < 0 else f"ended with status {status}"
        last = f": {lines[-1]}" if lines else ""
        return FleetError(f"generator process {number} {how}{last}")

    def _end(self) -> None:
        for worker in self.workers:
            worker.kill()
            worker.wait()
            for pipe in (worker.stdin, worker.stdout):
                if pipe is not None:
                    pipe.close()
        for descriptor in (*self.columns, *self.errors):
            os.close(descriptor)
        self.workers.clear()
        self.columns.clear()
        self.errors.clear()


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def run(plan: Plan, watch: Watch | None = None, samples: Path | None = None) -> Result:
    """Carry out a plan; return its result, and save the samples that were kept to a .npz file.

    Raises what Fleet raises.
    """
    with Fleet(plan) as fleet:
        # numpy's import takes as long as a process to start: it happens while they do.
        from loadgen.digest import digest

        parts, looks = fleet.generate(watch)
        return digest(plan, parts, samples, looks)
