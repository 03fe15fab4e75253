"""Verdicts: whether the figures of a cell can be believed, from the facts of its trials."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from bench.base import wording
from bench.model.trial import Status, Trial
from bench.verdicts import bounds, disturbance, network
from bench.verdicts.finding import Finding
from bench.verdicts.finding import Terms as Terms

# In closed loop N requests are in flight by construction, so throughput x mean cycle is N
# (Little's law). A pool of 10 workers under 200 connections comes out at 10 (nurl issue 885).
STARVED_BELOW = 0.75

VALID = "valid"
NOT_MEASURED = "not measured"
# No figure of these stands for the server, so they are never ranked.
UNRANKED = frozenset({"instrument", "failed", "broken-echo", "starved", NOT_MEASURED})


@dataclass(frozen=True)
class Verdict:
    """What holds for a cell.

    reason: why, without a full stop; remedy: what to do about it, a sentence
    facts: the numbers that led to it
    notes: other verdicts that apply to it, or to some of its trials only
    barred: whether one of those that apply to it forbids a place, as its own name may
    """

    name: str
    reason: str
    remedy: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    notes: tuple["Verdict", ...] = ()
    barred: bool = False

    @property
    def sentence(self) -> str:
        """Return why, and what to do about it."""
        return f"{self.reason}. {self.remedy}".rstrip()

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "verdict": self.name,
            "reason": self.reason,
            "remedy": self.remedy,
            "facts": self.facts,
            "notes": [note.to_json() for note in self.notes],
        }

    @property
    def ranked(self) -> bool:
        """Tell if the cell has a place in a ranking."""
        return self.name not in UNRANKED and not self.barred


# What the generator's side had no more of, and what to do about it.
SHORTAGES = {
    "no-ports": "no local port was left for a connection: offer fewer connections/s",
    "no-descriptors": "no open file was left in the generator: raise the limit (ulimit -Hn)",
    "no-buffers": "the kernel had no buffer left: use fewer connections or a smaller payload",
    "no-memory": "the kernel had no memory left: use fewer connections or a smaller payload",
    "datagram-too-long": "the payload is too long for a datagram: use a smaller one",
    "not-permitted": "the kernel did not permit a connection: look at firewall and sandbox",
    "no-route": "there is no way to the server's address: look at the interfaces",
}


def _instrument(trial: Trial, terms: Terms) -> Finding | None:
    if trial.status is Status.INSTRUMENT:
        return Finding(trial.reason or "the generator or the house failed", {})
    counts = {} if trial.result is None else trial.result.shortages.counts
    if not counts:
        return None
    name, times = max(counts.items(), key=lambda item: item[1])
    shortage = SHORTAGES.get(name, name)
    return Finding(f"{wording.count(times, 'time', 'times')} {shortage}", {"shortages": counts})


def _failed(trial: Trial, terms: Terms) -> Finding | None:
    if trial.status is not Status.FAILED:
        return None
    facts = {"exit_status": trial.exit_status, "output": trial.output}
    return Finding(trial.reason or "the server never became ready", facts)


def _broken_echo(trial: Trial, terms: Terms) -> Finding | None:
    if trial.status is Status.BROKEN_ECHO:
        return Finding(trial.reason or "the probe was answered with other bytes", {})
    result = trial.result
    if (
        trial.status is Status.MEASURED
        and trial.exit_status is not None
        and not (result is not None and result.mismatches)
    ):
        facts = _broken_facts(trial)
        return Finding(f"the server ended in mid-trial with status {trial.exit_status}", facts)
    if result is None:
        return None
    evidence = result.evidence
    detail = f" ({evidence[0].kind}: {evidence[0].detail})" if evidence else ""
    if result.mismatches:
        replies = wording.count(result.mismatches, "reply was", "replies were")
        return Finding(f"{replies} wrong{detail}", _broken_facts(trial))
    if result.errors:
        connections = wording.count(result.errors, "connection", "connections")
        return Finding(f"{connections} broke{detail}", _broken_facts(trial))
    if result.silent:
        return Finding("the server fell silent on every connection", _broken_facts(trial))
    return None


def _broken_facts(trial: Trial) -> dict[str, Any]:
    result = trial.result
    facts: dict[str, Any] = dict.fromkeys(("mismatches", "errors", "silent"))
    evidence: list[dict[str, str]] = []
    if result is not None:
        facts = {name: getattr(result, name) for name in facts}
        evidence = [asdict(piece) for piece in result.evidence]
    return facts | {"exit_status": trial.exit_status, "evidence": evidence}


def _starved(trial: Trial, terms: Terms) -> Finding | None:
    if trial.result is None:
        return None
    asked = trial.cell.workload.load
    in_flight = asked.connections * asked.depth
    effective = trial.result.effective_concurrency
    mute = trial.result.connections_without_reply
    short = asked.rate is None and effective < STARVED_BELOW * in_flight
    if in_flight < 2 or not (mute or short):
        return None
    facts: dict[str, Any] = {"in_flight": in_flight, "effective_concurrency": effective}
    facts |= {"connections_without_reply": mute, "clients_at_once": terms.clients_at_once}
    if mute:
        reason = f"{mute} of {asked.connections} connections had no reply"
    else:
        reason = f"{effective:.1f} requests of {in_flight} were served at a time"
    if terms.clients_at_once is not None and terms.clients_at_once < asked.connections:
        clients = wording.count(terms.clients_at_once, "client", "clients")
        reason += f", by design: this model serves {clients} at once"
    return Finding(reason, facts)


@dataclass(frozen=True)
class Check:
    """One verdict: how a trial is recognised, and what a reader does about it.

    when, remedy: for a reader, when it is given and what to do about it
    one_is_enough: a single trial decides for its cell; else more than half of them are needed
    of_cell: what only all trials together show; it decides as well
    decides: whether it may be the verdict; else it explains, and is a note at most
    """

    name: str
    finds: Callable[[Trial, Terms], Finding | None]
    when: str
    remedy: str
    one_is_enough: bool = False
    of_cell: Callable[[Sequence[Trial], Terms], Finding | None] = lambda trials, terms: None
    decides: bool = True


# In the order in which they are tried: the first that applies is the cell's verdict.
CHECKS = (
    Check(
        "instrument",
        _instrument,
        "In any trial the generator, the harness or the machine failed: no memory, ports, open "
        "files or room on a disk, a process killed. Nothing is said of the server.",
        "Mend what is named, then measure again; `bench doctor` looks at the limits.",
        one_is_enough=True,
    ),
    Check(
        "failed",
        _failed,
        "The server was not ready in time, or ended before it was.",
        "Start it by hand with `bench serve` and read what it prints.",
    ),
    Check(
        "broken-echo",
        _broken_echo,
        "In any trial a byte was wrong, missing or too many, at the probe too; or a connection "
        "was closed early; or the server died, or fell silent on every connection.",
        "Run `bench check` on the server; its figures mean nothing until it echoes every byte.",
        one_is_enough=True,
    ),
    Check(
        "lossy",
        network.lossy,
        "More than one datagram in a thousand was lost, or more than one connection attempt in a "
        "thousand was dropped since the server's accept queue was full.",
        "Times are those of the survivors: offer less, or enlarge the buffers.",
    ),
    Check(
        "starved",
        _starved,
        "Connections had no reply at all; or in closed loop fewer requests were served at a time "
        "(effective concurrency) than three quarters of those in flight.",
        "Its percentiles are those of the lucky ones: use fewer connections, or a larger pool.",
    ),
    Check(
        "generator-bound",
        bounds.generator_bound,
        "More than half of the generator's looks for replies found as many as they may take "
        "(asleep: it had no idle time), or it missed the schedule of an open loop, "
        "while the server had CPU to spare. An indication, until an independent client shows who "
        "limits.",
        "The server can do more: read it as a lower bound, or give the generator more CPUs.",
    ),
    Check(
        "overloaded",
        bounds.overloaded,
        "In open loop, the server answered less than was offered.",
        "Waits grow with the window: offer less to compare latency.",
    ),
    Check(
        "unsteady",
        disturbance.unsteady,
        "It got faster or slower across the window.",
        "Its mean is of no single state: give it a longer warm-up, or look at its series.",
    ),
    Check(
        "noisy",
        disturbance.disturbed,
        "Others, or the hypervisor, took CPU of a side; or the clock changed; or the trials "
        "differ among themselves by more than the limit.",
        "Measure again on a quiet machine; `bench doctor` says what may disturb it.",
        of_cell=disturbance.spread,
    ),
    Check(
        "delayed-ack",
        network.delayed,
        "Half of the requests took 38 to 60 ms over TCP, and a foreign server used little CPU: "
        "Nagle's algorithm met a delayed acknowledgement. A note, never a verdict.",
        "Set TCP_NODELAY, or send a reply in one piece.",
        decides=False,
    ),
)


def judge(trials: Sequence[Trial], terms: Terms) -> Verdict:
    """Return the verdict of a cell: the first check that applies, the others as its notes."""
    if not trials:
        remedy = "Finish the run with `bench run --resume`."
        return Verdict(NOT_MEASURED, "The run ended before this cell", remedy)
    applying: list[Verdict] = []
    notes: list[Verdict] = []
    for check in CHECKS:
        found = [finding for trial in trials if (finding := check.finds(trial, terms))]
        decides = len(found) * 2 > len(trials) or (check.one_is_enough and bool(found))
        if not decides and (whole := check.of_cell(trials, terms)) is not None:
            found, decides = [whole] * len(trials), True
        if not found:
            continue
        of_the_cell = decides and check.decides
        (applying if of_the_cell else notes).append(_verdict(check, found, len(trials)))
    if not applying:
        return Verdict(VALID, "Nothing speaks against these figures", notes=tuple(notes))
    first, *others = applying
    barred = any(not other.ranked for other in others)
    return replace(first, notes=(*others, *notes), barred=barred)


def _verdict(check: Check, found: Sequence[Finding], trials: int) -> Verdict:
    """Give the first finding as the reason, with how many trials it was found in."""
    where = "" if len(found) == trials else f"In {len(found)} of {trials} trials: "
    reason = found[0].reason.rstrip(".")
    reason = where + reason if where else reason[:1].upper() + reason[1:]
    facts = {"trials": trials, "found_in": len(found)} | found[0].facts
    return Verdict(check.name, reason, found[0].remedy or check.remedy, facts)
