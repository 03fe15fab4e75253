"""The search: block after block, each server at the rate that tells most of it."""

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bench.base.errors import ConfigError
from bench.capacity import reading, search
from bench.capacity.search import Tried
from bench.capacity.slo import Slo
from bench.model.trial import Cell, Trial, Workload
from bench.running import run as runs
from bench.running import trials
from bench.running.prepare import Session
from bench.store import run_folder
from bench.store.room import Need, Room
from bench.verdicts.judging import setup_of
from loadgen.plan import PlanError


@dataclass(frozen=True)
class Question:
    """What is asked of a run.

    until: how wide an interval may be, as a part of the rate; budget_s: the time for all of it
    """

    slos: tuple[Slo, ...]
    until: float
    budget_s: float


def check(workloads: Sequence[Workload]) -> None:
    """Refuse loads that have a rate already, or cannot have one; raises ConfigError."""
    for workload in workloads:
        if workload.load.rate is not None or workload.common_rate:
            raise ConfigError(f"workload {workload.name} offers a rate: the search finds it")
        if workload.load.depth > 1 or workload.load.think_us:
            raise ConfigError(
                f"workload {workload.name}: a search offers rates, under which nobody waits for "
                "replies: drop --depth and --think-us"
            )
        try:
            reading.at_rate(Cell("", workload), 1000.0)
        except PlanError as error:
            raise ConfigError(f"workload {workload.name}: {error}") from None


def measure(session: Session, question: Question) -> Iterator[Trial]:
    """Measure the closed loop's peaks, then search; each trial is stored, then yielded.

    Raises:
        PlanError: a limit of this machine forbids a load
        NoRoom: a trial cannot be stored, or no other could be
    """
    began_s = time.monotonic()
    # The time is of the whole; the closed loop has its blocks, and no more.
    yield from runs.measure(replace(session, plan=replace(session.plan, until=None, budget_s=0.0)))
    conditions = replace(session.conditions, beside=False)
    room = Room(session.folder, Need.of(session.plan.cells, 1, conditions.load_s), 0)
    run = run_folder.read(session.folder)
    peaks = {
        base: peak for base, of in run.cells().items() if (peak := reading.peak_rps(of)) is not None
    }
    known: dict[Cell, list[Tried]] = {base: [] for base in peaks}
    block, source = 1 + max((trial.block for trial in run.trials), default=-1), 0
    while wanted := _wanted(known, peaks, question, conditions.duration_s):
        order = random.Random(f"{conditions.seed} {block}").sample(wanted, len(wanted))
        for position, (base, rate) in enumerate(order):
            if time.monotonic() - began_s + conditions.load_s > question.budget_s:
                return
            cell = reading.at_rate(base, rate)
            spec = trials.spec_of(cell, session.specs)
            trial = trials.measure(spec, cell, conditions, (block, position), None, source)
            source = source if trial.result is None else trial.result.next_source
            runs.store(session.folder, trial, room)
            known[base].append(reading.tried(trial, question.slos, setup_of(run, base)))
            yield trial
            room.check()
        block += 1


def _wanted(
    known: dict[Cell, list[Tried]], peaks: dict[Cell, float], question: Question, window_s: float
) -> list[tuple[Cell, float]]:
    """Return the servers that are not known well enough, each with its next rate."""
    wanted = []
    for base, tried in known.items():
        now = search.found(tried, question.slos, search.ERROR)
        if not search.finished(now, question.until):
            rate = search.next_rate(tried, now, peaks[base], question.slos, window_s)
            wanted += [(base, rate)] if rate is not None else []
    return wanted
