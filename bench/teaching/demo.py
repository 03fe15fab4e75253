"""Two models under the same load by turns, shown as they go: a run in small, kept nowhere."""

import contextlib
import math
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.live import Live

from bench.authoring import tryout
from bench.base.errors import ConfigError
from bench.model.server import ServerSpec
from bench.model.trial import Trial
from bench.plan.suite_file import Suite
from bench.report.view import described, run_view
from bench.running.prepare import Request, Session, prepare
from bench.running.run import begin, measure
from bench.store import run_folder
from bench.teaching import screen
from bench.teaching.moral import moral
from bench.teaching.standing import Standing, line
from loadgen.exits import Exit

Sides = dict[str, Standing]
Draw = Callable[[Sides, str, Trial | None], None]

TRANSPORT = "tcp"
# Of a turn: long enough for percentiles, short enough to look live. What is shown is drawn between
# turns, for a redraw within one would take the CPU that is measured.
WINDOW_S, WARMUP_S, DRAIN_S = 0.5, 0.1, 0.2
SECONDS = (1.0, 3600.0)


@dataclass(frozen=True)
class Demo:
    """What is to be shown: two servers by name or path, how many clients, for how long."""

    names: tuple[str, str]
    clients: int
    seconds: float


def show(demo: Demo, console: Console) -> Exit:
    """Measure two servers by turns and show them; return with which status to end.

    Raises:
        UserError, PlanError: what was asked for makes no sense, or cannot be had here
    """
    specs = _specs(demo)
    with tempfile.TemporaryDirectory(prefix="bench-demo-") as folder:
        session = prepare(Request(_suite(demo), out=Path(folder) / "run", aa="none"))
        begin(session)
        sides = {spec.name: Standing(spec.name, _summary(spec)) for spec in specs}
        status = _follow(demo, session, sides, console)
        run = run_folder.read(session.folder)
        if {trial.cell.server for trial in run.trials} == set(sides):
            for told in moral(run_view.view(run).workloads[0]):
                console.print(told, highlight=False)
    nothing = all(trial.result is None for trial in run.trials)
    return Exit.NOTHING if nothing and status is Exit.MEASURED else status


def _specs(demo: Demo) -> list[ServerSpec]:
    """Return the two servers; raises ConfigError."""
    low, high = SECONDS
    if not low <= demo.seconds <= high:
        raise ConfigError(f"--seconds {demo.seconds:g}: give from {low:g} to {high:g}")
    specs = [tryout.find(name, TRANSPORT) for name in demo.names]
    if specs[0].name == specs[1].name:
        raise ConfigError(f"demo {' '.join(demo.names)}: name two servers that differ")
    return specs


def _summary(spec: ServerSpec) -> str:
    return spec.variant.summary if spec.variant is not None else ""


def _suite(demo: Demo) -> Suite:
    """Return the two under one workload, in as many blocks as there may be time for."""
    blocks = math.ceil(demo.seconds / (2 * (WARMUP_S + WINDOW_S)))
    axes = {"kept": {"connections": [demo.clients]}}
    times_s = (WINDOW_S, WARMUP_S, DRAIN_S)
    return Suite("demo", demo.names, axes, *times_s, trials=blocks, budget_s=0.0)


def _follow(demo: Demo, session: Session, sides: Sides, console: Console) -> Exit:
    """Show each turn as it ends, until the time is up; return how it ended."""
    until_s, left_s = time.monotonic() + demo.seconds, demo.seconds
    load = described.of(session.plan.cells[0].workload)
    try:
        with _shown(console) as draw:
            draw(sides, f"{load}; the first turn is under way", None)
            for trial in measure(session):
                side = sides[trial.cell.server]
                sides[side.server] = replace(side, trials=(*side.trials, trial))
                left_s = max(0.0, until_s - time.monotonic())
                draw(sides, f"{load}; by turns, {math.ceil(left_s)} s left", trial)
                # Half a block has nothing beside it.
                if not left_s and len({len(each.trials) for each in sides.values()}) == 1:
                    break
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    return Exit.MEASURED


@contextlib.contextmanager
def _shown(console: Console) -> Iterator[Draw]:
    """Yield what shows both sides: one picture drawn over, or a line a turn without a terminal."""
    if not console.is_terminal:
        yield lambda sides, head, trial: console.print(
            head if trial is None else line(sides[trial.cell.server]),
            highlight=False,
            soft_wrap=True,
        )
        return
    steps = screen.letters(console)
    # A thread that redraws would run inside the windows.
    with Live(console=console, auto_refresh=False) as live:

        def draw(sides: Sides, head: str, _: Trial | None) -> None:
            both = list(sides.values())
            live.update(screen.picture(both, head, console.width, steps), refresh=True)

        yield draw
