"""What a person sees while a run goes on; drawn between windows only, so that it costs none."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from bench.base import wording
from bench.base.errors import NoRoom
from bench.model.trial import Cell, Status, Trial
from bench.verdicts.disturbance import disturbance
from loadgen.exits import Exit


@dataclass(frozen=True)
class Notices:
    """Where a person is told of a run; quiet: of what has to be known alone."""

    console: Console
    quiet: bool = False

    def say(self, *lines: str) -> None:
        """Tell what is good to know, a line each."""
        if not self.quiet:
            self.insist(*lines)

    def insist(self, *lines: str) -> None:
        """Tell what has to be known."""
        for line in lines:
            self.console.print(line, highlight=False, soft_wrap=True)

    def trouble(self, line: str) -> None:
        """Tell what went wrong."""
        self.console.print(Text(line, style="red"), highlight=False, soft_wrap=True)


class Display:
    """A bar on a terminal; elsewhere plain lines, one a trial."""

    def __init__(self, notices: Notices, trials: int, load_s: float) -> None:
        """Expect a number of trials, with this many seconds of load in each."""
        self.notices = notices
        self.trials = trials
        self.load_s = load_s
        # Why blocks were disturbed, and which of them were measured again.
        self.disturbed: dict[int, str] = {}
        self.again: list[int] = []
        self.done = self.loaded = 0
        self.seen: set[tuple[int, Cell]] = set()
        self.began_s = time.monotonic()
        self.bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[left]}"),
            console=notices.console,
            # A thread that redraws would run inside the windows.
            auto_refresh=False,
            transient=True,
            disable=notices.quiet or not notices.console.is_terminal,
        )
        self.task = self.bar.add_task("starting", total=trials, left="")

    def __enter__(self) -> Self:
        """Begin to draw."""
        self.bar.start()
        self.bar.refresh()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the bar."""
        self.bar.stop()

    def follow(self, trials: Iterable[Trial]) -> Exit:
        """Show trial after trial; return how they came to their end."""
        try:
            for trial in trials:
                self.ended(trial)
        except KeyboardInterrupt:
            self.notices.insist("interrupted: writing the report of what was measured")
            return Exit.INTERRUPTED
        except NoRoom as error:
            self.notices.insist(f"ended early: {error}")
            return Exit.BAD_INPUT
        finally:
            self.bar.stop()
            if self.done:
                self.notices.say(self.summary())
        return Exit.MEASURED

    def ended(self, trial: Trial) -> None:
        """Show how far the run is, what came last, and trouble at once."""
        self.done += 1
        self.loaded += trial.result is not None
        name = f"{trial.cell.server} {trial.cell.workload.name}"
        left = self._left(trial)
        line = f"{name}: {outcome(trial)}"
        # Who cannot be asked is no trouble: the table says so once, and the plan has known it.
        trouble = bool(trial.reason) and trial.status is not Status.UNSUITED
        if trouble:
            self.notices.trouble(line)
        if self.bar.disable and not trouble:
            # Of a run that goes on until something is decided, nobody knows how many there will be.
            of = f"/{self.trials}" if self.done <= self.trials else ""
            self.notices.say(f"{self.done}{of} {line}; {left}")
        self.bar.update(
            self.task,
            completed=self.done,
            total=max(self.done, self.trials),
            description=wording.printable(line),
            left=left,
        )
        self.bar.refresh()

    def summary(self) -> str:
        """Tell at the end how the time was spent, and which blocks were measured again."""
        elapsed_s = time.monotonic() - self.began_s
        loaded = min(1.0, self.loaded * self.load_s / elapsed_s)  # what shows who limits is a guess
        line = f"{wording.count(self.done, 'trial', 'trials')} in {wording.clock(elapsed_s)} min, "
        line += f"{loaded:.0%} of it under load"
        if self.again:
            blocks = wording.listing([str(block + 1) for block in self.again])
            line += f"; disturbed and measured again: block {blocks}"
        return line

    def _left(self, trial: Trial) -> str:
        """Tell the time left; blocks beyond the plan have no end that is known."""
        if why := disturbance(trial):
            self.disturbed.setdefault(trial.block, why)
        again = (trial.block, trial.cell) in self.seen
        self.seen.add((trial.block, trial.cell))
        if again:
            self.trials += 1
            if trial.block in self.again:
                return f"block {trial.block + 1} again"
            self.again.append(trial.block)
            return f"block {trial.block + 1} again: {self.disturbed[trial.block]}"
        if self.done > self.trials:
            return f"block {trial.block + 1}, added"
        elapsed_s = time.monotonic() - self.began_s
        return f"{wording.clock(elapsed_s / self.done * (self.trials - self.done))} left"


def outcome(trial: Trial) -> str:
    """Return a trial's result in a few words."""
    if trial.result is None:
        return f"{trial.status}: {trial.reason.splitlines()[0] if trial.reason else ''}"
    result = trial.result
    parts = [f"{result.throughput_rps:,.0f}/s"]
    if (p99 := result.response_us.p99) is not None:
        parts.append(f"p99 {wording.duration(p99)}")
    parts += [
        f"{count} {name.replace('_', ' ')}"
        for name in ("mismatches", "errors", "connections_without_reply")
        if (count := getattr(result, name))
    ]
    return ", ".join([*parts, trial.reason] if trial.reason else parts)
