"""A run from its header to its end: begun, measured, finished."""

import errno
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from bench.base import wording
from bench.base.errors import NoRoom, in_words
from bench.base.gaps import Gaps
from bench.model.cpus import Cpus
from bench.model.header import Header
from bench.model.run import Run, workload_labels
from bench.model.trial import Trial
from bench.plan.blocks import RunPlan, Standing, next_block
from bench.running import header, trials
from bench.running.calibration import looked_at_again
from bench.running.prepare import Session
from bench.running.resume import next_number
from bench.store import run_folder, sources
from bench.store.room import Need, Room
from bench.verdicts import judging
from bench.verdicts.disturbance import disturbance
from loadgen.result import Recording

# Raw samples of a run that are kept on disk; the digest of a trial holds what reports need.
SAMPLES_BUDGET = 256 * 2**20


def begin(session: Session) -> Header:
    """Write the header of a new run, or renew that of a run that goes on; return it.

    Raises:
        StoreError: the folder cannot be used.
    """
    if session.goes_on:
        run_folder.mend(session.folder)
        head = header.going_on(session, run_folder.read(session.folder).header)
        run_folder.write_header(session.folder, head)
    else:
        head = header.of(session)
        run_folder.create(session.folder, head)
    for spec in session.specs:
        run_folder.store_sources(session.folder, sources.collect(spec))
    return head


def measure(session: Session, decided: Callable[[Run], bool] | None = None) -> Iterator[Trial]:
    """Measure block after block as the plan decides; each trial is stored, then yielded.

    decided: of a run that proves something, whether what it has so far decides it

    Raises:
        PlanError: a limit of this machine forbids a load
        NoRoom: a trial cannot be stored, or no other could be
    """
    plan, folder, conditions = session.plan, session.folder, session.conditions
    step_aside(conditions.cpus)
    now, source = Standing(width=_width(plan, folder)), 0
    room = Room(folder, Need.of(plan.cells, plan.blocks, conditions.load_s), SAMPLES_BUDGET)
    while (block := next_block(plan, now)) is not None:
        again = block == now.done
        block_began_s = time.monotonic()
        done = []
        for position, index in enumerate(plan.order(block)):
            cell = plan.cells[index]
            path = room.samples(run_folder.place_for_samples(folder, block, position, cell))
            spec = trials.spec_of(cell, session.specs)
            trial = trials.measure(spec, cell, conditions, (block, position), path, source)
            source = source if trial.result is None else trial.result.next_source
            room.keep(path)
            store(folder, trial, room)
            done.append(trial)
            yield trial
            room.check()
        extra = plan.is_extra(block, again=again)
        now = Standing(
            done=block,
            disturbed=any(disturbance(trial) for trial in done),
            repeated=now.repeated | ({block} if again else set()),
            extra_s=now.extra_s + (time.monotonic() - block_began_s if extra else 0.0),
            width=_width(plan, folder),
            decided=bool(decided and plan.is_look(block) and decided(run_folder.read(folder))),
        )


def store(folder: Path, trial: Trial, room: Room) -> None:
    """Put a trial on disk, in the place of samples if need be; raises NoRoom."""
    try:
        try:
            run_folder.append(folder, trial)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            room.give_up_samples()
            run_folder.append(folder, trial)
    except OSError as error:
        raise NoRoom(in_words(error)) from None


def step_aside(cpus: Cpus) -> None:
    """Leave the CPUs of both sides to them, where there are others for this process.

    Where there are none, what it does in a window is in the trial as `watched.house_cpu_s`.
    """
    others = os.sched_getaffinity(0) - set(cpus.all)
    if others:
        os.sched_setaffinity(0, others)


def finish(session: Session, head: Header, complete: bool, gaps: Gaps) -> Run:
    """Note when the run ended, and whether it measured all that was planned; return it.

    gaps: told of what could not be written
    """
    whole = run_folder.read(session.folder)
    run = whole.planned
    added = range(len(head.order), next_number(run))
    if complete and head.calibration is not None and session.conditions.amounts:
        amounts = looked_at_again(session)
        head = replace(head, calibration=replace(head.calibration, amounts=amounts))
    head = replace(
        head,
        order=head.order + tuple(session.plan.order(block) for block in added),
        finished_at=header.now(),
        complete=complete,
        # The first is that of any run; the others decided whether blocks were added.
        looks=head.looks + sum(map(session.plan.is_look, added)),
    )
    if lost := unkept(session.folder, run):
        gaps.note(
            f"samples of {wording.count(lost, 'trial', 'trials')}",
            "they found no room, or were removed",
        )
    with gaps.part("the end of the run in run.json"):
        run_folder.write_header(session.folder, head)
    with gaps.part("the link results/latest"):
        run_folder.link_latest(session.folder)
    return replace(whole, header=head)


def unkept(folder: Path, run: Run) -> int:
    """Return how many trials have no raw samples on disk though `SAMPLES_BUDGET` allowed them."""
    raw = [t for t in run.trials if t.result is not None and t.result.recorder is Recording.RAW]
    paths = [folder / run_folder.samples_name(t.block, t.position, t.cell) for t in raw]
    sizes = [path.stat().st_size for path in paths if path.exists()]
    # Beyond it the next file would not have fitted: what is missing then was left out on purpose.
    spent = sum(sizes) + max(sizes, default=0) >= SAMPLES_BUDGET
    return 0 if spent else len(paths) - len(sizes)


def narrowness(plan: RunPlan, run: Run, complete: bool) -> str:
    """Say whether the intervals have become as narrow as asked, or why not."""
    asked = plan.until or 0.0
    widest = judging.widest(run)
    if widest is None:
        line = f"intervals: none for every cell yet; {asked:.1%} of the value was asked for"
    else:
        labels = workload_labels(cell.workload for cell in run.cells())
        where = f"{widest.cell.server} in {labels[widest.cell.workload]}"
        line = f"intervals: the widest is {widest.width:.1%} of its value ({where}); "
        line += f"{asked:.1%} was asked for"
        if widest.width <= asked:
            return line
    if not complete:
        return f"{line}; `--resume` goes on"
    return f"{line}, and the time budget of {plan.budget_s:g} s is used up"


def _width(plan: RunPlan, folder: Path) -> float | None:
    """Return how wide the widest interval is, where the plan wants it narrow."""
    widest = None if plan.until is None else judging.widest(run_folder.read(folder))
    return None if widest is None else widest.width
