"""The checks in their order, and the verdict of a cell from what they find in its trials."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bench.base import limits
from bench.model.trial import Status, Trial
from bench.verdicts import bounds, disturbance, network, server, witness
from bench.verdicts.verdict import Finding, Name, Setup, Shown, Verdict


@dataclass(frozen=True)
class Check:
    """One verdict: how a trial is recognised, and what a reader does about it.

    when, remedy: for a reader, when it is given and what to do about it
    one_is_enough: a single trial decides for its cell; else more than half of them are needed
    a_fact: what one trial has shown, other trials cannot unsay: one is enough, and it is never near
        a limit
    of_cell: what only all trials together show; it decides as well
    shows: what they show by an interval, which tells how sure it is by itself: it is not drawn
        anew, and stands in place of what single trials find
    decides: whether it may be the verdict; else it explains, and is a note at most
    """

    name: Name
    finds: Callable[[Trial, Setup], Finding | None]
    when: str
    remedy: str
    one_is_enough: bool = False
    of_cell: Callable[[Sequence[Trial], Setup], Finding | None] = lambda _trials, _setup: None
    decides: bool = True
    a_fact: bool = False
    shows: Callable[[Sequence[Trial], Setup], Shown | None] = lambda _trials, _setup: None


# How often trials are drawn anew to see whether a verdict stands.
DRAWS = 200

# In the order in which they are tried: the first that applies is the cell's verdict.
CHECKS = (
    Check(
        Name.INSTRUMENT,
        server.instrument,
        "In any trial the generator, the harness or the machine failed: no memory, ports, open "
        "files or room on a disk, a process killed. Nothing is said of the server.",
        "Fix what is named, then measure again; `bench doctor` looks at the limits.",
        a_fact=True,
    ),
    Check(
        Name.FAILED,
        server.failed,
        "In any trial the server was not ready in time, or ended before it was.",
        "Read what it printed; a server that is a file can be started by hand: `bench serve FILE`.",
        a_fact=True,
    ),
    Check(
        Name.FULL,
        server.full,
        "In any trial a limit of this machine kept the server from holding all connections.",
        "Raise that limit, or ask for fewer connections.",
        a_fact=True,
    ),
    Check(
        Name.BROKEN_ECHO,
        server.broken_echo,
        "In any trial a byte was wrong, missing or too many, at the probe too; or a connection "
        "was closed early; or the server died, or fell silent on every connection.",
        "Run `bench check` on the server; its figures mean nothing until it echoes every byte.",
        a_fact=True,
    ),
    Check(
        Name.NO_WORK,
        server.no_work,
        "In any trial half of the requests that ask for work were answered in less than half of "
        "the time that it takes; or it was to be done on the CPU, and cost less than half of that.",
        "Let the server do `settings.work` before it replies to a request that asks for it; "
        "docs/adding-a-server.md has the forms.",
        a_fact=True,
    ),
    Check(
        Name.STALLED,
        server.stalled,
        "In any trial connections that had been answered fell silent, for longer than the drain "
        "and ten times p99, and stayed so.",
        "Look for what the server waits for there: a lock, a lost wake-up, a client it forgot.",
        a_fact=True,
    ),
    Check(
        Name.LOSSY,
        network.lossy,
        "More than one datagram in a thousand was lost, or more than one connection attempt in a "
        "thousand was dropped since the server's accept queue was full.",
        "Times are those of the survivors: offer less, or enlarge the buffers.",
    ),
    Check(
        Name.STARVED,
        server.starved,
        "Connections could not be made, or had no reply at all; or in closed loop fewer requests "
        "were served at a time (effective concurrency) than three quarters of those in flight.",
        "Its percentiles are those of the lucky ones: use fewer connections, or a larger pool.",
    ),
    Check(
        Name.GENERATOR_BOUND,
        bounds.generator_bound,
        "In closed loop an independent client in C surely got more of the same server, right after "
        "the window; or, without a compiler, requests took longer when the generator was slowed "
        "down. In open loop the generator missed the schedule while the server had CPU to spare. "
        "Where neither shows it (docs/methodology.md) an indication: more than half of the looks "
        "for replies found as many as they may take (asleep: no idle time).",
        "The server can do more: read it as a lower bound, or give the generator more CPUs.",
        one_is_enough=True,
        shows=witness.shown,
    ),
    Check(
        Name.OVERLOADED,
        bounds.overloaded,
        "In open loop, the server answered less than fell due, by more than arrivals and services "
        "vary: requests piled up.",
        "Waits grow with the window: offer less to compare latency.",
    ),
    Check(
        Name.UNSTEADY,
        disturbance.unsteady,
        "It got faster or slower across the window.",
        "Its mean is of no single state: give it a longer warm-up, or look at its series.",
    ),
    Check(
        Name.NOISY,
        disturbance.disturbed,
        "Others, or the hypervisor, took CPU of a side; or the clock changed; or the trials "
        "differ among themselves by more than the limit.",
        "Measure again on a quiet machine; `bench doctor` says what may disturb it.",
        of_cell=disturbance.spread,
    ),
    Check(
        Name.DELAYED_ACK,
        network.delayed,
        "Half of the requests took 38 to 60 ms over TCP, and a foreign server used little CPU: "
        "Nagle's algorithm met a delayed acknowledgement. A note, never a verdict.",
        "Set TCP_NODELAY, or send a reply in one piece.",
        decides=False,
    ),
    Check(
        Name.LEAKING,
        server.leaking,
        "Its memory grew in step with the requests answered, to the end of the window, and by more "
        "than a heap that settles does. A note, never a verdict.",
        "Look for what stays of each request: a list, a task that nobody collects, a cache.",
        decides=False,
    ),
    Check(
        Name.TWO_MODES,
        lambda _trial, _setup: None,
        "From fifteen trials on: they fall into two groups, which chance does not do. A note, "
        "never a verdict.",
        "Look at what differs between the groups: a start, a place in memory, a CPU.",
        of_cell=disturbance.two_modes,
        decides=False,
    ),
)


FACTS = frozenset(check.name for check in CHECKS if check.a_fact)


@dataclass(frozen=True)
class _Seen:
    """A trial with what each check finds in it, in their order."""

    trial: Trial
    findings: tuple[Finding | None, ...]


def judge(trials: Sequence[Trial], setup: Setup) -> Verdict:
    """Return the verdict of a cell: the first check that applies, the others as its notes.

    It says so if it is near a limit: if trials drawn anew from these often have another verdict.
    """
    if not trials:
        remedy = "Finish the run with `bench run --resume`."
        return Verdict(Name.NOT_MEASURED, "The run ended before this cell", remedy)
    if all(trial.status is Status.UNSUITED for trial in trials):
        return Verdict(Name.NOT_MEASURED, trials[0].reason, "Leave it out, or compare the others.")
    shown = [(check, check.shows(trials, setup)) for check in CHECKS]
    seen = [
        _Seen(
            trial,
            tuple(
                check.finds(trial, setup) if whole is None else whole.finding
                for check, whole in shown
            ),
        )
        for trial in trials
    ]
    verdict = _decided(seen, setup)
    if verdict.name in FACTS:
        return verdict
    others = Counter(
        name
        for draw in range(DRAWS if len(trials) > 1 else 0)
        if (name := _decided(_drawn(seen, draw), setup).name) is not verdict.name
    )
    if sum(others.values()) <= (1 - limits.SAME_VERDICT) * DRAWS:
        return verdict
    near, _ = others.most_common(1)[0]
    same = 1 - sum(others.values()) / DRAWS
    reason = f"{verdict.reason}; near {near}, {same:.0%} of draws from its trials come out like it"
    return replace(verdict, reason=reason, near=near, same=same)


def _drawn(seen: Sequence[_Seen], draw: int) -> list[_Seen]:
    """Return as many trials, drawn with repetition; the same for the same draw."""
    source = random.Random(draw)
    return source.choices(seen, k=len(seen))


def _decided(seen: Sequence[_Seen], setup: Setup) -> Verdict:
    applying: list[Verdict] = []
    notes: list[Verdict] = []
    for at, check in enumerate(CHECKS):
        findings = [found for each in seen if (found := each.findings[at]) is not None]
        decides = len(findings) > limits.MAJORITY * len(seen) or (
            (check.one_is_enough or check.a_fact) and bool(findings)
        )
        if not decides:
            whole = check.of_cell([each.trial for each in seen], setup)
            if whole is not None:
                findings, decides = [whole] * len(seen), True
        if not findings:
            continue
        of_the_cell = decides and check.decides
        (applying if of_the_cell else notes).append(_verdict(check, findings, len(seen)))
    if not applying:
        return Verdict(Name.VALID, "Nothing speaks against these figures", notes=tuple(notes))
    first, *others = applying
    barred = any(not other.ranked for other in others)
    return replace(first, notes=(*others, *notes), barred=barred)


def _verdict(check: Check, findings: Sequence[Finding], trials: int) -> Verdict:
    """Give the first finding as the reason, with how many trials it was found in."""
    where = "" if len(findings) == trials else f"In {len(findings)} of {trials} trials: "
    reason = findings[0].reason.rstrip(".")
    reason = where + reason if where else reason[:1].upper() + reason[1:]
    facts = {"trials": trials, "found_in": len(findings)} | findings[0].facts
    return Verdict(check.name, reason, findings[0].remedy or check.remedy, facts)
