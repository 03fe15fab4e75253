"""A run from its first trial to its last: header, trials and what is said meanwhile."""

from dataclasses import replace
from typing import Any

from rich.console import Console

from bench.host.doctor import examine
from bench.model.run import Run, workload_labels
from bench.model.trial import Cell
from bench.plan.blocks import Plan
from bench.running import header, trials
from bench.running.calibration import Calibration, calibrate
from bench.running.prepare import Session
from bench.running.progress import Display
from bench.running.resume import next_number
from bench.store import run_folder
from bench.verdicts import precision


def measure(session: Session, console: Console, *, quiet: bool = False) -> bool:
    """Run the trials into the folder; return whether all were run.

    What was measured before an interrupt is on disk.

    Raises:
        StoreError: the folder cannot be used.
        PlanError: a limit of this machine forbids a load.
    """
    if not session.goes_on:
        run_folder.check_new(session.folder)
    if not quiet:
        console.print(examine.short(examine.examine()), highlight=False, soft_wrap=True)
    session, calibration = _calibrated(session)
    head = _begin(session, calibration)
    display = Display(console, session.trials, session.conditions.load_s, quiet)
    if not quiet:
        for line in calibration.told():
            console.print(line, highlight=False, soft_wrap=True)
        console.print(session.told, highlight=False, soft_wrap=True)
    complete = False
    try:
        with display:
            for trial in trials.run(
                session.plan, session.specs, session.conditions, session.folder
            ):
                display.ended(trial)
        complete = True
    except KeyboardInterrupt:
        console.print("interrupted: writing the report of what was measured")
    if display.done and not quiet:
        console.print(display.told(), highlight=False, soft_wrap=True)
    run = run_folder.read(session.folder)
    if session.plan.until is not None:
        console.print(narrowness(session.plan, run, complete), highlight=False)
    begun = range(len(head["order"]), next_number(run))
    head["order"] += [session.plan.order(block) for block in begun]
    run_folder.finish(session.folder, head, header.now(), complete)
    run_folder.link_latest(session.folder)
    return complete


def _calibrated(session: Session) -> tuple[Session, Calibration]:
    """Return a new run with what had to be found out first; one that goes on has that already."""
    if session.goes_on:
        return session, Calibration()
    made, conditions, found = calibrate(session.plan, session.specs, session.conditions)
    session = replace(session, plan=made, conditions=conditions, overhead_s=found.overhead_s)
    return session, found


def _begin(session: Session, calibration: Calibration) -> dict[str, Any]:
    """Write the header of a new run, or renew that of a run that goes on; return it."""
    head = header.of(session) | {"calibration": calibration.to_json()}
    if not session.goes_on:
        run_folder.create(session.folder, head)
        return head
    run_folder.mend(session.folder)
    old = run_folder.read(session.folder).header
    head = old | {key: head[key] for key in ("config", "cells", "order")}
    head["order"] = _earlier(session.plan, old) + head["order"]
    # It is not at its end any more, and does not look so if it is killed.
    for key in ("finished_at", "complete"):
        head.pop(key, None)
    run_folder.write_header(session.folder, head)
    return head


def _earlier(made: Plan, old: dict[str, Any]) -> list[tuple[int, ...]]:
    """Return the orders of the blocks before those of a plan, of those beyond an older plan too."""
    older = replace(made, cells=tuple(Cell.from_json(fields) for fields in old["cells"]))
    listed = [tuple(order) for order in old["order"][: made.first]]
    return listed + [older.order(block) for block in range(len(listed), made.first)]


def narrowness(made: Plan, run: Run, complete: bool) -> str:
    """Say whether the intervals have become as narrow as asked, or why not."""
    asked = made.until or 0.0
    found = precision.widest(run)
    if found is None:
        told = f"intervals: none for every cell yet; {asked:.1%} of the value was asked for"
    else:
        cells = run.cells()
        label = workload_labels(cell.workload for cell in cells)[found.cell.workload]
        where = f"{found.cell.server} in {label}"
        told = f"intervals: the widest is {found.width:.1%} of its value ({where}); "
        told += f"{asked:.1%} was asked for"
        if found.width <= asked:
            return told
    if not complete:
        return f"{told}; `--resume` goes on"
    return f"{told}, and the time budget of {made.budget_s:g} s is used up"
