"""What `bench capacity` does, from what was asked for to the page."""

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.base import wording
from bench.base.errors import ConfigError
from bench.base.gaps import Gaps
from bench.capacity import measuring
from bench.capacity.finding import Capacity
from bench.capacity.measuring import Question
from bench.capacity.search import Bound
from bench.capacity.slo import Slo
from bench.cli.console import console, emit, terminal
from bench.cli.results import tell_gaps
from bench.host.doctor import examine
from bench.model.run import Run
from bench.plan.catalog import Outside
from bench.plan.suite_file import Suite
from bench.plan.workloads import workloads
from bench.report import files
from bench.report.capacity import document
from bench.report.capacity import files as capacity_files
from bench.report.view import run_view
from bench.running.calibration import calibrated
from bench.running.prepare import Request, Session, prepare
from bench.running.progress import Display, Notices
from bench.running.run import begin, finish
from loadgen.exits import Exit
from loadgen.signals import finish_first


@dataclass(frozen=True)
class Asked:
    """What is to be found out.

    suite: servers and loads, which have no rate
    until: how wide an interval may be; budget_s: the time for all of it, None: each_s for each
        server and load
    cpus: of the server's side and the generator's, empty for what the machine is split into
    """

    suite: Suite
    outside: Outside
    slos: tuple[Slo, ...]
    until: float
    budget_s: float | None
    each_s: float
    out: Path | None
    cpus: tuple[tuple[int, ...], tuple[int, ...]]


def carry_out(asked: Asked, notices: Notices, *, as_json: bool = False) -> Exit:
    """Search for the capacity of each server; return with which status to end.

    Raises:
        UserError, PlanError: what was asked for makes no sense, or cannot be had here
    """
    measuring.check(workloads(asked.suite.workloads))
    request = Request(asked.suite, asked.outside, asked.out, "none", None, *asked.cpus)
    session = _session(prepare(request), asked)
    notices.say(*(f"skipped: {reason}" for reason in session.skipped))
    notices.say(examine.short(examine.examine()))
    session = calibrated(session)
    _check_time(session)
    header = begin(session)
    notices.say(*session.calibration.notices(), _plan(session))
    question = Question(asked.slos, asked.until, session.plan.budget_s)
    many = session.trials + int(session.plan.budget_s / session.conditions.load_s)
    with Display(notices, many, session.conditions.load_s) as display:
        status = display.follow(measuring.measure(session, question))
    complete, gaps = status is Exit.MEASURED, Gaps()
    with finish_first(interrupted=not complete):
        rows = show(finish(session, header, complete, gaps), gaps, as_json=as_json)
    if not complete:
        return status
    unknown = all(row.bound is Bound.UNKNOWN for row in rows)
    return Exit.NOTHING if unknown else Exit.MEASURED


def _session(session: Session, asked: Asked) -> Session:
    """Return the session with the limits, and its time."""
    budget_s = asked.budget_s or asked.each_s * len(session.plan.cells)
    plan = replace(session.plan, until=asked.until, budget_s=budget_s)
    return replace(session, plan=plan, slo=tuple(str(slo) for slo in asked.slos))


def _check_time(session: Session) -> None:
    """Refuse a time that is up before a rate was tried of each server; raises ConfigError."""
    beside_s, budget_s = session.calibration.overhead_s, session.plan.budget_s
    least_s = session.trials * (session.trial_s + beside_s)
    least_s += len(session.plan.cells) * (session.conditions.load_s + beside_s)
    if budget_s < least_s:
        with contextlib.suppress(OSError):
            session.folder.rmdir()  # it was made for the run, and has nothing in it
        raise ConfigError(
            f"--minutes {budget_s / 60:.2g}: the peaks of the closed loop and one rate each take "
            f"some {math.ceil(least_s / 6) / 10:g}; give more, or a shorter --duration"
        )


def _plan(session: Session) -> str:
    many = wording.count(len(session.plan.cells), "server and load", "servers and loads")
    limits = " and ".join(session.slo)
    return (
        f"plan: {many} within {limits}, until intervals are {session.plan.until:.0%} of the rate "
        f"wide; {wording.clock(session.plan.budget_s)} min at most"
    )


def show(run: Run, gaps: Gaps, *, as_json: bool) -> Sequence[Capacity]:
    """Write the report of a search and print what it found."""
    page = files.write(run_view.view(run), gaps)
    rows = capacity_files.write(run, gaps)
    if as_json:
        emit(document.to_json(run, rows), "json")
        tell_gaps(gaps, page, terminal(stderr=True))
        return rows
    console.print(document.table(rows))
    tell_gaps(gaps, page, console)
    for what, name in (("to paste", capacity_files.MARKDOWN), ("page", capacity_files.PAGE)):
        console.print(f"{what}: {run.folder / name}", highlight=False, soft_wrap=True)
    return rows
