"""The generator's processes: started together, begun at one instant, their columns collected."""

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import loadgen
from loadgen.part import Part
from loadgen.plan import Plan, PlanError

# From the order to start until the load begins: enough for every process to have read it.
LEAD_NS = 5_000_000
# Over and above the plan's own times, before a process counts as hung.
PATIENCE_S = 30.0

# Told of `open`, `close` and `drained` at those moments, with the ids of the generator processes.
Watch = Callable[[str, list[int]], None]


class FleetError(RuntimeError):
    """A generator process died or hung; the message has its last words."""


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
        self._folder = tempfile.TemporaryDirectory(prefix="loadgen-")
        self.folder = Path(self._folder.name)
        try:
            for number in range(self.plan.processes):
                self._start(number)
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
        """End the processes and remove their files."""
        self._end()

    def generate(self, watch: Watch | None = None) -> list[Part]:
        """Run the load once; return what each process saw.

        `watch` is called at the opening and the close of the window, and when the drain is over
        and the connections are still open.
        """
        plan, pids = self.plan, [worker.pid for worker in self.workers]
        start_ns = time.monotonic_ns() + LEAD_NS
        for number in range(len(self.workers)):
            self._tell(number, str(start_ns))
        moments_s = {"open": plan.warmup_s, "close": plan.warmup_s + plan.duration_s}
        for moment, after_s in moments_s.items():
            time.sleep(max(0.0, start_ns / 1e9 + after_s - time.monotonic()))
            if watch is not None:
                watch(moment, pids)
        for number in range(len(self.workers)):
            self._hear(number, plan.drain_s, "drained")
        if watch is not None:
            watch("drained", pids)
        for number in range(len(self.workers)):
            self._tell(number, "")
        return [
            Part(self._hear(number, 0, "columns"), self._path(number))
            for number in range(len(self.workers))
        ]

    def _path(self, number: int) -> Path:
        return self.folder / f"columns-{number}"

    def _share(self, total: int, number: int) -> int:
        """Return how many of `total` process `number` takes: even, the first ones one more."""
        each, rest = divmod(total, self.plan.processes)
        return each + (number < rest)

    def _start(self, number: int) -> None:
        plan, cpus = self.plan, self.plan.cpus
        load = replace(plan.load, idle=self._share(plan.load.idle, number))
        if load.max_in_flight is not None:
            load = replace(load, max_in_flight=max(1, self._share(load.max_in_flight, number)))
        order = {
            "plan": replace(plan, load=load, seed=plan.seed + number).to_json(),
            "connections": self._share(plan.load.connections, number),
            "cpu": cpus[number % len(cpus)] if cpus else None,
            "path": str(self._path(number)),
        }
        root = str(Path(loadgen.__file__).parent.parent)
        with (self.folder / f"errors-{number}").open("wb") as errors:
            worker = subprocess.Popen(
                [sys.executable, "-P", "-m", "loadgen.worker"],
                env=os.environ | {"PYTHONPATH": root},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
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
        words = (self.folder / f"errors-{number}").read_text(errors="replace").strip()
        last = words.splitlines()[-1] if words else "it said nothing"
        return FleetError(f"generator process {number} ended with status {status}: {last}")

    def _end(self) -> None:
        for worker in self.workers:
            worker.kill()
            worker.wait()
            for pipe in (worker.stdin, worker.stdout):
                if pipe is not None:
                    pipe.close()
        self.workers.clear()
        self._folder.cleanup()


def run(plan: Plan, watch: Watch | None = None, samples: Path | None = None) -> dict[str, Any]:
    """Carry out a plan; return its digest, and save the samples that were kept to a .npz file.

    Raises what Fleet raises.
    """
    with Fleet(plan) as fleet:
        # numpy's import takes as long as a process to start: it happens while they do.
        from loadgen.digest import digest

        return digest(plan, fleet.generate(watch), samples)
