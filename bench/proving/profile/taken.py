"""A profile of two servers, each under a load of its own, after what was measured."""

import contextlib
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bench.base import wording
from bench.base.shortages import HouseError
from bench.launch import process_tree
from bench.launch.launcher import Server
from bench.launch.probe import BrokenEcho, NotReady
from bench.model.server import ServerSpec
from bench.model.trial import Workload
from bench.proving.profile.result import Profile, SideProfile
from bench.proving.profile.tools import COUNTER, SAMPLERS, Tool
from bench.running.trials import Conditions, load_plan
from loadgen import fleet
from loadgen.fleet import FleetError, NobodyListens
from loadgen.plan import PlanError

# How long a server is looked at; a few thousand samples.
LOOK_S = 5.0
# A program that was told to end writes down what it has.
WRITES_S = 30.0
FAILURES = (BrokenEcho, NotReady, HouseError, FleetError, NobodyListens, PlanError, OSError)


class NotTaken(Exception):
    """A program that looks into servers could not; says why."""


def take(
    specs: tuple[ServerSpec, ServerSpec], workload: Workload, label: str, conditions: Conditions
) -> Profile:
    """Return the profile of A and B under a workload; what cannot be had is in its notes."""
    conditions = replace(conditions, duration_s=LOOK_S, warmup_s=0.0)
    notes: list[str] = []
    sampler, stacks = "", [dict[str, int](), dict[str, int]()]
    for tool in SAMPLERS:
        try:
            stacks = [_looked(tool, spec, workload, conditions)[0] for spec in specs]
            sampler = tool.name
            break
        except NotTaken as error:
            notes.append(f"no CPU profile by {tool.name}: {error}")
    calls = [dict[str, float](), dict[str, float]()]
    try:
        counts = [_looked(COUNTER, spec, workload, conditions) for spec in specs]
        calls = [_per_request(*count) for count in counts]
    except NotTaken as error:
        notes.append(f"no system calls by {COUNTER.name}: {error}")
    a, b = (SideProfile(*each) for each in zip(stacks, calls, strict=True))
    kept = notes if not sampler else [note for note in notes if "CPU profile" not in note]
    return Profile(label, a, b, sampler, tuple(kept))


def _looked(
    tool: Tool, spec: ServerSpec, workload: Workload, conditions: Conditions
) -> tuple[dict[str, int], int]:
    """Return what a tool found of a server under load, and how many requests that answered.

    Raises:
        NotTaken: it is not there, may not, or found nothing
    """
    if tool.path is None:
        raise NotTaken("it is not on PATH")
    try:
        with (
            tempfile.TemporaryDirectory() as name,
            Server(spec, workload.transport, conditions.fair(workload, spec)) as server,
        ):
            out = Path(name) / "out"
            below = process_tree.descendants(server.supervisor_pid)
            pids = [server.pid, *(pid for pid in below if pid != server.pid)]
            with _watching(tool, pids, out):
                result = fleet.run(load_plan(workload, conditions, server.address, 0, 0))
            found = tool.read(out)
    except (*FAILURES, subprocess.SubprocessError) as error:
        why = str(error).strip() or type(error).__name__
        raise NotTaken(wording.printable(why.splitlines()[0])) from None
    if not found:
        raise NotTaken("it saw nothing")
    return found, sum(result.replies_per_connection)


@contextlib.contextmanager
def _watching(tool: Tool, pids: list[int], out: Path) -> Iterator[None]:
    """Let a tool look at processes meanwhile; raises NotTaken if it ended before, or badly."""
    with (out.parent / "said").open("w+") as said:
        watcher = subprocess.Popen(
            [tool.path or tool.name, *tool.words(pids, out)],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield
        finally:
            early = watcher.poll() is not None
            _end(watcher)
        if early or not out.exists():
            said.seek(0)
            words = [line.strip() for line in said.read().splitlines() if line.strip()]
            raise NotTaken(wording.printable(words[-1] if words else "it ended at once"))


def _end(watcher: "subprocess.Popen[bytes]") -> None:
    """Ask a tool to write down what it has; one that does not is killed."""
    with contextlib.suppress(ProcessLookupError):
        watcher.send_signal(signal.SIGINT)
    try:
        watcher.wait(WRITES_S)
    except subprocess.TimeoutExpired:
        watcher.kill()
        watcher.wait()


def _per_request(calls: dict[str, int], requests: int) -> dict[str, float]:
    if not requests:
        raise NotTaken("no request was answered meanwhile")
    order = sorted(calls.items(), key=lambda item: -item[1])
    return {name: count / requests for name, count in order}
