"""What a proof says, in words: every sentence from the findings that it speaks of."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from bench.analysis.metrics import METRICS
from bench.base import levels, wording
from bench.proving.decision import Decision, Finding
from bench.proving.proof import End, Participant, Proof

# How a sentence begins that tells which figures differ.
DIFFERS = (Decision.FASTER, Decision.SLOWER, Decision.CHEAPER, Decision.DEARER)
# From here on a difference is told as a factor, and from there on none is told.
MUCH, ENDLESS = 1.0, 10.0


def paragraph(proof: Proof) -> str:
    """Return what came out, workload by workload, and how sure it is."""
    workloads = dict.fromkeys(finding.workload for finding in proof.findings)
    of = [[f for f in proof.findings if f.workload == name] for name in workloads]
    who = f"A, the baseline, is {proof.a.name}; B is {proof.b.name}."
    return " ".join([who, *(sentence(each, proof.margin) for each in of), ended(proof)])


def sentence(findings: Sequence[Finding], margin: float) -> str:
    """Return what is decided of B under one workload: `In kept-50, B is faster in p50 (…).`"""
    return f"In {findings[0].workload}, B is {'; '.join(_parts(findings, margin))}."


def _parts(findings: Sequence[Finding], margin: float) -> Iterator[str]:
    for decision in DIFFERS:
        told = [
            f"{METRICS[f.figure].title} ({_times(f)})" for f in findings if f.decision is decision
        ]
        if told:
            yield f"{decision} in {_and(told)}"
    tied = [METRICS[f.figure].title for f in findings if f.decision is Decision.TIED]
    if tied:
        yield f"tied with A, within {percent(margin)}, in {_and(tied)}"
    yield from _open("not shown to differ", Decision.NOT_SHOWN, findings, needs)
    yield from _open("not comparable", Decision.NOT_COMPARABLE, findings, lambda f: f.why)


def _open(
    words: str, decision: Decision, findings: Sequence[Finding], note: Callable[[Finding], str]
) -> Iterator[str]:
    """Yield which figures say nothing, with a note on each, or on all that share it."""
    notes: dict[str, list[str]] = {}
    for finding in findings:
        if finding.decision is decision:
            notes.setdefault(note(finding), []).append(METRICS[finding.figure].title)
    told = [_and(names) + (f" ({why})" if why else "") for why, names in notes.items()]
    if told:
        yield f"{words} in {_and(told)}"


def needs(finding: Finding) -> str:
    """Return what a run would have shown that did not, and how many more blocks would show 3 %."""
    parts = [finding.why] if finding.why else []
    if finding.detectable is not None:
        parts.append(f"a difference of {size(finding.detectable)} would have been")
    if finding.more_blocks:
        more = wording.count(finding.more_blocks, "more block", "more blocks")
        parts.append(f"{percent(levels.WANTED_AB)} would take {more}")
    return ", ".join(parts)


def ended(proof: Proof) -> str:
    """Return how much was measured, why it ended, and what the intervals are."""
    blocks = wording.count(proof.blocks, "block", "blocks")
    clock = wording.clock(proof.time_s)
    why = {
        End.DECIDED: "until it was decided",
        End.INCOMPARABLE: "until it was clear that nothing could be compared",
        End.TIME: f"until the time was up ({clock} min)",
        End.INTERRUPTED: "until it was interrupted",
    }[proof.end]
    return (
        f"Measured by turns in {blocks}, {why}; the intervals hold for all figures together, at "
        f"{percent(proof.level)}, however often one looked."
    )


def answer(finding: Finding, margin: float) -> str:
    """Return the decision on a figure for a table."""
    tied = finding.decision is Decision.TIED
    return f"tied within {percent(margin)}" if tied else str(finding.decision)


def explained(finding: Finding, margin: float) -> str:
    """Return the decision on a figure with what it needs, or why there is none."""
    notes = {Decision.NOT_SHOWN: needs(finding), Decision.NOT_COMPARABLE: finding.why}
    note = notes.get(finding.decision, "")
    return answer(finding, margin) + (f": {note}" if note else "")


def ratio(finding: Finding) -> str:
    """Return B / A with its interval, empty without one; no end is rounded to the other side of 1.

    Of an interval that knows next to nothing the ends beyond a factor of 10 are not told.
    """
    found = finding.estimate
    if found is None:
        return ""
    low, high = found.low or found.value, found.high or found.value
    if high <= ENDLESS**2 * low:
        return wording.ranged(found, sided=True)
    least = "< 0.1" if low < 1 / ENDLESS else wording.digits(low, 2)
    most = "> 10" if high > ENDLESS else wording.digits(high, 2)
    return f"{wording.digits(found.value, 2)} ({least} to {most})"


def value(finding: Finding, which: float | None) -> str:
    """Return what a server came to in a figure, in the unit that reads best."""
    if which is None:
        return ""
    if finding.unit == "µs":
        return wording.duration(which)
    return f"{wording.number(which)} {finding.unit}"


def ran_under(participant: Participant) -> str:
    """Return what a server is, and the versions that it ran under: its own."""
    packages = [f"{name} {version}" for name, version in participant.packages.items()]
    known = [participant.python or f"the command {participant.source}", *packages]
    if participant.commit is not None:
        known.insert(0, f"commit {participant.commit[:12]}")
    return f"{participant.name}: {', '.join(known)}"


def percent(part: float) -> str:
    """Return `3 %`, `2.5 %`."""
    return f"{100 * part:.3g} %"


def size(difference: float) -> str:
    """Return a difference: `14 %`, from double on as a factor."""
    if 1 + difference > ENDLESS:
        return f"more than {ENDLESS:g} times"
    return f"{100 * difference:.2g} %" if difference < MUCH else f"{1 + difference:.2g} times"


def _times(finding: Finding) -> str:
    value, _, ends = ratio(finding).rstrip(")").partition(" (")
    return f"{value} times" + (f", {ends}" if ends else "")


def _and(words: Iterable[str]) -> str:
    listed = list(words)
    return wording.listing(listed, len(listed))
