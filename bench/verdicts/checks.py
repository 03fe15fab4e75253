"""The checks in their order, and the verdict of a cell from what they find in its trials."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bench.base import limits
from bench.model.trial import Trial
from bench.verdicts import bounds, disturbance, network, server
from bench.verdicts.verdict import Finding, Name, Setup, Verdict


@dataclass(frozen=True)
class Check:
    """One verdict: how a trial is recognised, and what a reader does about it.

    when, remedy: for a reader, when it is given and what to do about it
    one_is_enough: a single trial decides for its cell; else more than half of them are needed
    of_cell: what only all trials together show; it decides as well
    decides: whether it may be the verdict; else it explains, and is a note at most
    """

    name: Name
    finds: Callable[[Trial, Setup], Finding | None]
    when: str
    remedy: str
    one_is_enough: bool = False
    of_cell: Callable[[Sequence[Trial], Setup], Finding | None] = lambda _trials, _setup: None
    decides: bool = True


# In the order in which they are tried: the first that applies is the cell's verdict.
CHECKS = (
    Check(
        Name.INSTRUMENT,
        server.instrument,
        "In any trial the generator, the harness or the machine failed: no memory, ports, open "
        "files or room on a disk, a process killed. Nothing is said of the server.",
        "Fix what is named, then measure again; `bench doctor` looks at the limits.",
        one_is_enough=True,
    ),
    Check(
        Name.FAILED,
        server.failed,
        "The server was not ready in time, or ended before it was.",
        "Start it by hand with `bench serve` and read what it prints.",
    ),
    Check(
        Name.BROKEN_ECHO,
        server.broken_echo,
        "In any trial a byte was wrong, missing or too many, at the probe too; or a connection "
        "was closed early; or the server died, or fell silent on every connection.",
        "Run `bench check` on the server; its figures mean nothing until it echoes every byte.",
        one_is_enough=True,
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
        "Connections had no reply at all; or in closed loop fewer requests were served at a time "
        "(effective concurrency) than three quarters of those in flight.",
        "Its percentiles are those of the lucky ones: use fewer connections, or a larger pool.",
    ),
    Check(
        Name.GENERATOR_BOUND,
        bounds.generator_bound,
        "More than half of the generator's looks for replies found as many as they may take "
        "(asleep: it had no idle time), or it missed the schedule of an open loop, "
        "while the server had CPU to spare. An indication, until an independent client shows who "
        "limits.",
        "The server can do more: read it as a lower bound, or give the generator more CPUs.",
    ),
    Check(
        Name.OVERLOADED,
        bounds.overloaded,
        "In open loop, the server answered less than was offered.",
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
)


def judge(trials: Sequence[Trial], setup: Setup) -> Verdict:
    """Return the verdict of a cell: the first check that applies, the others as its notes."""
    if not trials:
        remedy = "Finish the run with `bench run --resume`."
        return Verdict(Name.NOT_MEASURED, "The run ended before this cell", remedy)
    applying: list[Verdict] = []
    notes: list[Verdict] = []
    for check in CHECKS:
        findings = [finding for trial in trials if (finding := check.finds(trial, setup))]
        decides = len(findings) > limits.MAJORITY * len(trials) or (
            check.one_is_enough and bool(findings)
        )
        if not decides and (whole := check.of_cell(trials, setup)) is not None:
            findings, decides = [whole] * len(trials), True
        if not findings:
            continue
        of_the_cell = decides and check.decides
        (applying if of_the_cell else notes).append(_verdict(check, findings, len(trials)))
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
