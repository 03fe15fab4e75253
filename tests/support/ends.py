"""A run that meets its end, or that of one of its processes, at a random moment."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil

from bench.model.trial import Status
from loadgen.exits import Exit
from tests.support.paths import ROOT

BENCH = (sys.executable, "-m", "bench")
RUN = (
    *("run", "--suite", "quick", "--servers", "selectors-default,process-pool", "--aa", "none"),
    *("--connections", "2", "--duration", "0.2", "--warmup", "0.05", "--trials", "4"),
    *("--budget", "0"),
)
# From the start of the program until well after its last trial.
LATEST_S = 7.0
# After a run's end nothing of it may be left for longer; and what takes so long hangs.
LEFT_S, PATIENCE_S = 3.0, 120.0
SIGNALS = {"Ctrl-C": signal.SIGINT, "TERM": signal.SIGTERM, "HUP": signal.SIGHUP}


def role(process: psutil.Process) -> str:
    """Return what a process below a run is, empty if it is something else."""
    words = " ".join(process.cmdline())
    roles = {"supervisor": "supervisor.py", "generator": "loadgen.worker", "server": "-m servers"}
    return next((name for name, sign in roles.items() if sign in words), "")


class Tried:
    """One run and its folder, with what went wrong."""

    def __init__(self, room: Path, seed: int) -> None:
        """Start a run in an empty room."""
        shutil.rmtree(room, ignore_errors=True)
        (room / "tmp").mkdir(parents=True)
        self.draw = random.Random(seed)
        self.folder, self.temporary = room / "run", room / "tmp"
        self.environment = os.environ | {"TMPDIR": str(self.temporary), "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            [*BENCH, *RUN, "--out", str(self.folder)],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
            text=True,
        )

    def wait(self) -> bool:
        """Wait for a moment that is drawn; tell if the run has ended before."""
        try:
            self.process.wait(self.draw.uniform(0.05, LATEST_S))
        except subprocess.TimeoutExpired:
            return False
        return True

    def below(self) -> list[psutil.Process]:
        """Return the processes of the run, without itself."""
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def end(self, number: signal.Signals) -> list[str]:
        """Send the run a signal and wait for its end; return what is wrong with that."""
        below = self.below()
        self.process.send_signal(number)
        wrong = self.ended()
        if left := psutil.wait_procs(below, timeout=LEFT_S)[1]:
            wrong.append(f"left behind: {left}")
        return wrong

    def ended(self) -> list[str]:
        """Wait for the end; return what is wrong with what was said until then."""
        try:
            _, told = self.process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            return ["it did not end"]
        return [f"a defect: {told}"] if "Traceback" in told else []

    def bench(self, *words: str) -> int:
        """Run a command on the folder and return its status."""
        command = [*BENCH, *words, str(self.folder)]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        return -1 if "Traceback" in done.stderr else done.returncode

    def statuses(self) -> list[str]:
        """Return the status of each trial that is on record."""
        path = self.folder / "trials.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [json.loads(line)["status"] for line in lines if line.endswith("}")]


def killed(tried: Tried) -> list[str]:
    """Kill the run; what it had measured can be reported, and it can be finished."""
    tried.wait()
    wrong = tried.end(signal.SIGKILL)
    if not (tried.folder / "run.json").exists():
        return wrong  # nothing had begun
    if (status := tried.bench("report")) not in (Exit.MEASURED, Exit.NOTHING):
        wrong.append(f"report: status {status}")
    if (status := tried.bench("run", "--quiet", "--resume")) != Exit.MEASURED:
        wrong.append(f"--resume: status {status}")
    return wrong


def interrupted(tried: Tried, number: signal.Signals) -> list[str]:
    """Ask the run to end; it does so with its report, and leaves no temporary file."""
    if tried.wait():
        return tried.ended()
    wrong = tried.end(number)
    status, measured = tried.process.returncode, tried.statuses()
    # Before Python runs our code, and after our last word, the signal does what it does by default.
    if status not in (Exit.INTERRUPTED, Exit.MEASURED, -number):
        wrong.append(f"status {status}")
    if measured and status != -number and not (tried.folder / "report.html").exists():
        wrong.append("no report")
    if left := list(tried.temporary.iterdir()):
        wrong.append(f"left in TMPDIR: {left}")
    return wrong


def bereft(tried: Tried, who: str, *, first: bool = False) -> list[str]:
    """Kill one of the processes of a trial; the run goes on, and says so of that trial.

    first: as soon as there is one, which is before the first trial, while the machine is looked at
    """
    hit = False
    if first or not tried.wait():
        # Between two trials there is none; a run that ends has none any more.
        while not hit and tried.process.poll() is None:
            for process in tried.below():
                try:
                    if role(process) == who:
                        process.kill()
                        hit = True
                        break
                except psutil.NoSuchProcess:
                    continue
    wrong = tried.ended()
    if tried.process.returncode not in (Exit.MEASURED, Exit.NOTHING):
        wrong.append(f"status {tried.process.returncode}")
    if not (tried.folder / "report.html").exists():
        wrong.append("no report")
    others = set(tried.statuses()) - {Status.MEASURED}
    allowed = {
        "server": {Status.BROKEN_ECHO, Status.FAILED, Status.INSTRUMENT},
        "generator": {Status.INSTRUMENT},
        "supervisor": {Status.INSTRUMENT},
    }
    if others - allowed[who]:
        wrong.append(f"trials are {sorted(others)}")
    return wrong


ENDS: dict[str, Callable[[Tried], list[str]]] = {
    "kill -9 of a run; report; --resume": killed,
    **{
        f"{name} to a run": lambda tried, number=number: interrupted(tried, number)  # type: ignore[misc]
        for name, number in SIGNALS.items()
    },
    **{
        f"kill -9 of a trial's {who}": lambda tried, who=who: bereft(tried, who)  # type: ignore[misc]
        for who in ("supervisor", "generator", "server")
    },
    **{
        f"kill -9 of a run's first {who}": lambda tried, who=who: bereft(tried, who, first=True)  # type: ignore[misc]
        for who in ("supervisor", "generator", "server")
    },
}


def tried(kind: str, room: Path, seed: int) -> str:
    """Let a run meet an end; return what went wrong, nothing if nothing did."""
    run = Tried(room, seed)
    try:
        wrong = ENDS[kind](run)
    finally:
        run.process.kill()
        run.process.communicate()
    return f"{kind}, seed {seed}: {'; '.join(wrong)}" if wrong else ""
