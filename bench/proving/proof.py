"""What `bench ab` comes to, as a value: `ab.json`, and what its texts are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bench.base import levels
from bench.base.errors import StoreError
from bench.comparing.gates import Gate
from bench.model.run import Run
from bench.model.trial import TWIN
from bench.proving import decision
from bench.proving.decision import Decision, Finding, Question
from bench.proving.profile import result as profiles
from bench.proving.profile.result import Profile
from bench.proving.refs import Reference


class End(StrEnum):
    """Why a run that proves something ended."""

    DECIDED = "decided"
    INCOMPARABLE = "nothing could be compared"
    TIME = "time was up"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Participant:
    """A server that took part, with the versions under which it ran: its own, not the harness's.

    name: in the run; source: its file, or what is run
    python: its interpreter, null of a foreign command; packages: versions of those that it needs
    reference, commit: of the user's repository, null of a server as it is here
    """

    name: str
    source: str
    python: str | None
    packages: dict[str, str]
    reference: str | None = None
    commit: str | None = None


@dataclass(frozen=True)
class Proof:
    """Two servers beside each other: `ab.json`.

    run: the name of its folder; command: what was typed
    a, b: the baseline, and what is beside it
    margin: within which they are tied; level: of all intervals together, over all looks
    blocks: measured; looks: how often they were looked at; end: `decided`, `nothing could be
        compared`, `time was up` or `interrupted`; time_s: the time that it was given
    deciding, limits: the figures that were to be decided, and the gates as they are written
    profile: null unless it was asked for
    Beside these: `gates`, what each came to, and `decision`, what they come to together.
    """

    run: str
    command: tuple[str, ...]
    a: Participant
    b: Participant
    margin: float
    level: float
    blocks: int
    looks: int
    end: End
    time_s: float
    findings: tuple[Finding, ...]
    deciding: tuple[str, ...] = ("cpu",)
    limits: tuple[str, ...] = ()
    profile: Profile | None = None


def proof(
    run: Run,
    question: Question,
    found: Sequence[Reference] = (),
    *,
    complete: bool = True,
    limits: Sequence[Gate] = (),
    profile: Profile | None = None,
) -> Proof:
    """Return what a run proves.

    found: the references that A and B are of; complete: whether it came to its end
    limits: the gates that were asked for
    """
    header = run.header
    references = found or (None, None)
    a, b = (
        _participant(run, name, reference)
        for name, reference in zip((question.a, question.b), references, strict=True)
    )
    end = _end({each.decision for each in decision.deciding(run, question)}, complete)
    return Proof(
        header.run_id,
        header.command,
        a,
        b,
        question.margin,
        float(levels.LEVEL),
        len({trial.block for trial in run.trials}),
        header.looks,
        end,
        header.config.budget_s,
        tuple(decision.findings(run, question)),
        question.deciding,
        tuple(gate.written for gate in limits),
        profile,
    )


def _end(decisions: set[Decision], complete: bool) -> End:
    """Return why a run ended, by what it has decided."""
    if decisions == {Decision.NOT_COMPARABLE}:
        return End.INCOMPARABLE
    if Decision.NOT_SHOWN not in decisions:
        return End.DECIDED
    return End.TIME if complete else End.INTERRUPTED


def again(run: Run, before: Proof, limits: Sequence[Gate]) -> Proof:
    """Return what a run proves now, by what was asked of it before: blocks may have been added.

    limits: the gates that were asked for

    Raises:
        StoreError: it was asked of other servers or figures than there are, or of no margin
    """
    names = (before.a.name, before.b.name)
    if not {trial.cell.server for trial in run.trials}.issuperset(names):
        raise StoreError(f"is not of this run: it tells of {' and '.join(names)}")
    if not set(decision.FIGURES).issuperset(before.deciding) or not 0 < before.margin < 1:
        raise StoreError("asks for figures or a margin that `bench ab` does not know")
    if not profiles.sound(before.profile):
        raise StoreError("its profile counts less than nothing")
    found = tuple(
        Reference(each.reference, each.commit)
        for each in (before.a, before.b)
        if each.reference is not None and each.commit is not None
    )
    return proof(
        run,
        Question(*names, before.margin, before.deciding),
        found if len(found) == len(names) else (),
        complete=run.header.complete is not False,
        limits=limits,
        profile=before.profile,
    )


def _participant(run: Run, name: str, reference: Reference | None) -> Participant:
    entries = {entry.name: entry for entry in run.entries}
    entry = entries.get(name) or entries[name.removesuffix(TWIN)]
    return Participant(
        name,
        entry.source,
        entry.python,
        dict(entry.packages),
        None if reference is None else reference.name,
        None if reference is None else reference.commit,
    )
