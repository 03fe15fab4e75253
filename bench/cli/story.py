"""What `bench run` does, from what was asked for to the page: read this first."""

from bench.base.gaps import Gaps
from bench.cli.results import show
from bench.host.doctor import examine
from bench.running.calibration import calibrated
from bench.running.prepare import Request, expectations, prepare
from bench.running.progress import Display, Notices
from bench.running.resume import Continuation, reopen
from bench.running.run import begin, finish, measure, narrowness
from bench.verdicts.verdict import MEANINGLESS
from loadgen.exits import Exit
from loadgen.signals import finish_first


def carry_out(request: Request | Continuation, notices: Notices, *, as_json: bool = False) -> Exit:
    """Measure what was asked for and write its report; return with which status to end.

    What was measured before an interrupt is on disk, and in the report.

    Raises:
        UserError, PlanError: what was asked for makes no sense, or cannot be had here
    """
    # Checked before anything starts: the servers, the loads, the machine's limits, the folder.
    session = reopen(request) if isinstance(request, Continuation) else prepare(request)
    notices.say(*(f"skipped: {reason}" for reason in session.skipped))
    notices.say(examine.short(examine.examine()))
    # A look at what this machine is like: threads of one core, rates that every server can carry.
    session = calibrated(session)
    header = begin(session)  # run.json
    notices.say(*session.calibration.notices(), session.summary(), *expectations(session))
    with Display(notices, session.trials, session.trial_s) as display:
        # A trial: a fresh server, proven to echo, under load; a line of trials.jsonl as it ends.
        status = display.follow(measure(session))
    complete, gaps = status is Exit.MEASURED, Gaps()
    with finish_first(interrupted=not complete):
        run = finish(session, header, complete, gaps)
        if run.header.calibration is not None:
            notices.insist(*(f"work: {line}" for line in run.header.calibration.drifts()))
        if session.plan.until is not None:
            notices.insist(narrowness(session.plan, run, complete))
        # From here on the run folder is all there is: tables, charts, page and terminal.
        verdicts = show(run, gaps, as_json=as_json)
    if not complete:
        return status
    nothing = all(verdict.name in MEANINGLESS for verdict in verdicts)
    return Exit.NOTHING if nothing else Exit.MEASURED
