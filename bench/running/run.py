"""A run from its header to its end: begun, measured, finished."""

from collections.abc import Iterator
from dataclasses import replace

from bench.base.gaps import Gaps
from bench.model.header import Header
from bench.model.run import Run, workload_labels
from bench.model.trial import Trial
from bench.plan.blocks import RunPlan
from bench.running import header, trials
from bench.running.prepare import Session
from bench.running.resume import next_number
from bench.store import run_folder, sources
from bench.verdicts import judging


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


def measure(session: Session) -> Iterator[Trial]:
    """Measure trial after trial; each is on disk when it is yielded.

    Raises:
        PlanError: a limit of this machine forbids a load.
    """
    return trials.run(session.plan, session.specs, session.conditions, session.folder)


def finish(session: Session, head: Header, complete: bool, gaps: Gaps) -> Run:
    """Note when the run ended, and whether it measured all that was planned; return it.

    gaps: told of what could not be written
    """
    run = run_folder.read(session.folder)
    added = range(len(head.order), next_number(run))
    head = replace(
        head,
        order=head.order + tuple(session.plan.order(block) for block in added),
        finished_at=header.now(),
        complete=complete,
    )
    with gaps.part("the end of the run in run.json"):
        run_folder.write_header(session.folder, head)
    with gaps.part("the link results/latest"):
        run_folder.link_latest(session.folder)
    return replace(run, header=head)


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
