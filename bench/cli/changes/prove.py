"""What `bench ab` does, from two names or references to a paragraph and a table."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from bench.base.gaps import Gaps
from bench.cli.changes.compare import STATUSES
from bench.cli.console import console, emit, terminal
from bench.cli.results import tell_gaps
from bench.comparing import gates
from bench.comparing.gates import Gate, Judgement
from bench.host.doctor import examine
from bench.model.run import Run, workload_labels
from bench.plan import workloads
from bench.plan.catalog import Outside
from bench.plan.suite_file import Suite
from bench.proving import decision, gating, sides
from bench.proving.decision import Question
from bench.proving.profile import taken
from bench.proving.profile.result import Profile
from bench.proving.proof import Proof, proof
from bench.proving.sides import Sides
from bench.report import files
from bench.report.proof import document
from bench.report.proof import files as proof_files
from bench.report.terminal import comparison, verdicts
from bench.report.view import run_view
from bench.running import trials
from bench.running.calibration import calibrated
from bench.running.prepare import Request, Session, choose, prepare
from bench.running.progress import Display, Notices
from bench.running.run import begin, finish, measure
from bench.verdicts.verdict import MEANINGLESS
from loadgen.exits import Exit
from loadgen.signals import finish_first


@dataclass(frozen=True)
class Change:
    """What is to be proven, as it was asked for.

    names: of servers, or of references where `build` or `server` is given; A is the baseline
    suite: its load; its budget is the time for all of it
    cpus: of the server's side and the generator's, empty for what the machine is split into
    margin, deciding: as in `Question`
    """

    names: tuple[str, str]
    suite: Suite
    outside: Outside
    build: str | None
    server: str | None
    out: Path | None
    aa: str | None
    cpus: tuple[tuple[int, ...], tuple[int, ...]]
    margin: float
    deciding: tuple[str, ...]
    gates: tuple[Gate, ...]
    profile: bool


def carry_out(change: Change, notices: Notices, *, as_json: bool = False) -> Exit:
    """Measure two servers until it is decided which is faster; return with which status to end.

    Raises:
        UserError, PlanError: what was asked for makes no sense, or cannot be had here
    """
    gating.check(change.gates)
    beside = _sides(change, notices)
    suite = replace(change.suite, servers=beside.words)
    choice = choose(suite.servers, beside.outside, workloads.workloads(suite.workloads))
    question = Question(*sides.names(beside, choice), change.margin, change.deciding)
    aa = change.aa or (None if change.names[0] == change.names[1] else "none")
    asked = Request(suite, beside.outside, change.out, aa, None, *change.cpus, True, beside.results)
    session = prepare(asked)
    notices.say(examine.short(examine.examine()))
    session = calibrated(session)
    header = begin(session)
    notices.say(session.summary())
    with Display(notices, session.trials, session.trial_s) as display:
        status = display.follow(measure(session, partial(decision.decided, question=question)))
    complete, gaps = status is Exit.MEASURED, Gaps()
    profile = _profile(session, question, notices) if change.profile and complete else None
    with finish_first(interrupted=not complete):
        run = finish(session, header, complete, gaps)
        shown = proof(
            run,
            question,
            beside.refs,
            complete=complete,
            limits=change.gates,
            profile=profile,
        )
        judged = gating.judge(question.b, shown.findings, change.gates)
        nothing = _show(run, shown, judged, gaps, as_json=as_json)
    if not complete:
        return status
    gravest = gates.gravest(judged)
    return Exit.NOTHING if nothing else Exit.MEASURED if gravest is None else STATUSES[gravest]


def _sides(change: Change, notices: Notices) -> Sides:
    if change.build is None and change.server is None:
        return Sides(change.names, change.outside)
    pythons = change.outside.pythons
    # Builds are for one interpreter; a name for it says nothing beside those of the references.
    python = pythons[0].rpartition("=")[2] if pythons else sys.executable
    return sides.of_refs(
        change.names, change.server, change.outside, change.build, python, notices.say
    )


def _profile(session: Session, question: Question, notices: Notices) -> Profile:
    """Look into both servers under the first workload, after what was measured."""
    notices.say("profile: looking into both servers")
    workload = session.plan.cells[0].workload
    labels = workload_labels(cell.workload for cell in session.plan.cells)
    a, b = (
        next(trials.spec_of(c, session.specs) for c in session.plan.cells if c.server == name)
        for name in (question.a, question.b)
    )
    profile = taken.take((a, b), workload, labels[workload], session.conditions)
    notices.insist(*(f"note: {note}" for note in profile.notes))
    return profile


def _show(
    run: Run, shown: Proof, judged: Sequence[Judgement], gaps: Gaps, *, as_json: bool
) -> bool:
    """Write the report and what is to be pasted, and print it; tell if no figure stands."""
    view = run_view.view(run, shown.margin)
    page = files.write(view, gaps)
    text = proof_files.write(run, shown, judged, gaps)
    if as_json:
        emit(text, "json")
        tell_gaps(gaps, page, terminal(stderr=True))
    else:
        console.print(document.table(shown))
        console.print(verdicts.summary(view.verdicts), highlight=False)
        for line in comparison.lines(judged):
            console.print(line, highlight=False, soft_wrap=True)
        tell_gaps(gaps, page, console)
        for what, name in (("to paste", proof_files.MARKDOWN), ("page", proof_files.PAGE)):
            console.print(f"{what}: {run.folder / name}", highlight=False, soft_wrap=True)
    return all(verdict.name in MEANINGLESS for verdict in view.verdicts.values())
