"""The generator's processes: started together, begun at one instant, their columns collected."""

import hashlib
import json
import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from loadgen.part import Looks, Moment, Part, with_held
from loadgen.plan import Plan
from loadgen.ports import check_ports, idle_per_process
from loadgen.process import FleetError as FleetError
from loadgen.process import Process
from loadgen.result import Result

# From the order to start until the load begins, for each process: to be told, and to have read it.
# One that was late all the same says by how much (`started_late_s`).
LEAD_NS = 5_000_000
# Connections that a server here may not have accepted yet: as many wait in its queue (`listen`).
QUEUE = 4096
# Between the edges of the window others look this often, and this many times at most; where they
# would see no course of anything, not at all.
LOOK_S = 0.5
LOOKS_LEAST, LOOKS_MOST = 3, 60
# Told of the moments as they come, with the ids of the generator processes;
# returns the instant (monotonic clock, ns) at which it read what it counts from moment to moment.
Watch = Callable[[Moment, list[int]], int]


class NobodyListens(RuntimeError):
    """Not one connection could be made; the message says where, and why."""


def seed_of(seed: int, block: int, process: int) -> int:
    """Return the seed of a process in a block: the same for every server that is measured in it.

    A hash, so that no process of one seed draws what another of the next seed does.
    """
    digest = hashlib.blake2b(f"{seed} {block} {process}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def looks_within(duration_s: float) -> list[float]:
    """Return when others look between the edges of a window, in seconds from its opening."""
    step_s = max(LOOK_S, duration_s / LOOKS_MOST)
    looks = [step_s * number for number in range(1, math.ceil(duration_s / step_s - 1e-9))]
    return looks if len(looks) >= LOOKS_LEAST else []


class Fleet:
    """The processes that share one plan; entered when all are connected.

    Raises:
        PlanError: a limit of this machine forbids the plan
        FleetError: a process died or hung
        NobodyListens: no process could make a connection
    """

    def __init__(self, plan: Plan, *, stoppable: bool = False) -> None:
        """Only keep the plan. stoppable: Ctrl-C closes the window, and the rest goes on."""
        self.plan = plan
        self.stoppable = stoppable
        self.stopped = False
        self.workers: list[Process] = []
        self.holders: list[Process] = []

    def __enter__(self) -> Self:
        """Start the processes and wait until each has its connections."""
        check_ports(self.plan)
        try:
            for number in range(self.plan.processes):
                self._start(number)
            connect_s = self.plan.connect_s
            self._check_reached([worker.hear(connect_s, "connected") for worker in self.workers])
            self._hold(self.plan.load.idle)
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

        `watch` is called at the opening and the close of the window, now and then between them,
        and when the drain is over and the connections are still open.

        Raises:
            KeyboardInterrupt: it was to stop, and cannot or its window had not opened
        """
        plan = self.plan
        start_ns = time.monotonic_ns() + LEAD_NS * len(self.workers)
        for worker in self.workers:
            worker.tell(str(start_ns))
        looks = self._watched(start_ns, watch)
        for worker in self.workers:
            worker.hear(plan.drain_s, "drained")
        if watch is not None:
            watch(Moment.DRAINED, self.pids)
        for worker in self.workers:
            worker.tell("")
        for holder in self.holders:
            holder.tell("")
        facts = [worker.hear(0, "columns") for worker in self.workers]
        # Stopped, they closed a piece apart at most: the window of all ends with the first.
        close_ns = min(fact["close_ns"] for fact in facts)
        parts = [
            Part(fact | {"close_ns": close_ns}, worker.path)
            for fact, worker in zip(facts, self.workers, strict=True)
        ]
        for holder in self.holders:
            parts[0] = with_held(parts[0], holder.hear(0, "not_connected"))
        return parts, looks

    @property
    def pids(self) -> list[int]:
        """Return the ids of the processes."""
        return [worker.pid for worker in self.workers]

    def _watched(self, start_ns: int, watch: Watch | None) -> Looks | None:
        """Wait until the window closes; let others look at its edges and between them."""
        open_s, length_s = start_ns / 1e9 + self.plan.warmup_s, self.plan.duration_s
        if watch is None:
            self._wait(open_s + length_s)
            return None
        within = [(Moment.WITHIN, after_s) for after_s in looks_within(length_s)]
        looked, used_s = dict[Moment, int](), dict[Moment, float]()
        for moment, after_s in [(Moment.OPEN, 0.0), *within, (Moment.CLOSE, length_s)]:
            self._wait(open_s + after_s)
            if moment is not Moment.WITHIN or not self.stopped:
                looked[moment] = watch(moment, self.pids)
                used_s[moment] = time.process_time()
        house_s = used_s[Moment.CLOSE] - used_s[Moment.OPEN]
        return Looks(looked[Moment.OPEN], looked[Moment.CLOSE], house_s)

    def _wait(self, until_s: float) -> None:
        """Wait for an instant of the monotonic clock, or until it is to stop."""
        if not self.stopped:
            try:
                time.sleep(max(0.0, until_s - time.monotonic()))
            except KeyboardInterrupt:
                if not self.stoppable:
                    raise
                self.stopped = True
                for worker in self.workers:
                    worker.stop()

    def _check_reached(self, said: list[dict[str, Any]]) -> None:
        """Refuse to load nobody; raises NobodyListens, FleetError."""
        if all(fact["reached"] is False for fact in said):
            words = f"{self.plan.target}: no connection could be made: {said[0]['why']}"
            raise FleetError(words) if said[0]["short"] else NobodyListens(words)

    def _start(self, number: int) -> None:
        plan, cpus = self.plan, self.plan.cpus
        load = plan.load
        if load.max_in_flight is not None:
            load = replace(load, max_in_flight=max(1, plan.share(load.max_in_flight, number)))
        seed = seed_of(plan.seed, plan.block, number)
        worker = Process(number)
        self.workers.append(worker)
        order = {
            "plan": replace(plan, load=load, seed=seed).to_json(),
            "number": number,
            "connections": plan.share(plan.load.connections, number),
            "cpu": cpus[number % len(cpus)] if cpus else None,
            "target": worker.columns,
            "stoppable": self.stoppable,
        }
        worker.tell(json.dumps(order))

    def _hold(self, idle: int) -> None:
        """Let idle connections be held, by as many processes as their descriptors take."""
        each = idle_per_process()
        for number, first in enumerate(range(0, idle, each), self.plan.processes):
            holder = Process(number, "loadgen.holder")
            self.holders.append(holder)
            count = min(each, idle - first)
            # Behind a full accept queue the kernel waits a second for its next try.
            connect_s = self.plan.connect_s * math.ceil(count / QUEUE)
            order = {"plan": self.plan.to_json(), "number": number, "count": count}
            holder.tell(json.dumps(order | {"connect_s": connect_s}))
            holder.hear(connect_s + self.plan.connect_s, "connected")

    def _end(self) -> None:
        for process in (*self.workers, *self.holders):
            process.end()
        self.workers.clear()
        self.holders.clear()


def run(
    plan: Plan,
    watch: Watch | None = None,
    samples: Path | None = None,
    *,
    stoppable: bool = False,
) -> Result:
    """Carry out a plan; return its result, and save the samples that were kept to a .npz file.

    stoppable: Ctrl-C closes the window early, and the result is of what was measured

    Raises what Fleet raises.
    """
    with Fleet(plan, stoppable=stoppable) as fleet:
        # numpy's import takes as long as a process to start: it happens while they do.
        from loadgen.digest import digest

        parts, looks = fleet.generate(watch)
        return digest(plan, parts, samples, looks)
