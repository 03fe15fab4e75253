"""Verdicts: whether the figures of a cell can be believed, from the facts of its trials."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bench import doubts
from bench.facts import Finding
from bench.facts import Terms as Terms
from bench.records import Trial

# In closed loop N requests are in flight by construction, so throughput x mean cycle is N
# (Little's law). A pool of 10 workers under 200 connections comes out at 10 (nurl issue 885).
STARVED_BELOW = 0.75
# A generator that slept for less than this part of the window had no time left to send more.
IDLE_LIMIT = 0.05
# A server below this part of the CPU that it could use was waiting, not working.
SPARE_BELOW = 0.90
# Lancet (ATC 2019), first check: the achieved rate within 10 % of the target.
RATE_TOLERANCE = 0.10
# Response time contains the send lag; past this part of its p99 the tail is the generator's own.
LAG_SHARE_LIMIT = 0.50
# Datagrams lost on loopback are drops from a full socket buffer; one in a thousand is none.
LOSS_LIMIT = 0.001
# Exponential arrivals of n requests vary by sqrt(n) / n: 5 % is five deviations from 10,000 on, and
# for fewer the five deviations themselves are the limit.
OVERLOAD_TOLERANCE = 0.05
OVERLOAD_DEVIATIONS = 5.0

VALID = "valid"
NOT_MEASURED = "not measured"
# No figure of these stands for the server, so they are never ranked.
UNRANKED = frozenset({"failed", "broken-echo", "starved", NOT_MEASURED})


@dataclass(frozen=True)
class Verdict:
    """What holds for a cell.

    reason: why, without a full stop; remedy: what to do about it, a sentence
    facts: the numbers that led to it
    notes: other verdicts that apply to it, or to some of its trials only
    """

    name: str
    reason: str
    remedy: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    notes: tuple["Verdict", ...] = ()

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
        return self.name not in UNRANKED


def _failed(trial: Trial, terms: Terms) -> Finding | None:
    if trial.status != "failed":
        return None
    facts = {"exit_status": trial.exit_status, "output": trial.output}
    return Finding(trial.reason or "the server never became ready", facts)


def _broken_echo(trial: Trial, terms: Terms) -> Finding | None:
    if trial.status == "broken-echo":
        return Finding(trial.reason or "the probe was answered with other bytes", {})
    load = trial.load or {}
    evidence = load.get("evidence") or []
    facts = {name: load.get(name) for name in ("mismatches", "errors", "silent")}
    facts |= {"exit_status": trial.exit_status, "evidence": evidence}
    detail = f" ({evidence[0]['kind']}: {evidence[0]['detail']})" if evidence else ""
    if load.get("mismatches"):
        return Finding(
            f"{_count(load['mismatches'], 'reply was', 'replies were')} wrong{detail}", facts
        )
    if trial.status != "failed" and trial.exit_status is not None:
        return Finding(f"the server ended in mid-trial with status {trial.exit_status}", facts)
    if load.get("errors"):
        return Finding(
            f"{_count(load['errors'], 'connection', 'connections')} broke{detail}", facts
        )
    if load.get("silent"):
        return Finding("the server fell silent on every connection", facts)
    return None


def _starved(trial: Trial, terms: Terms) -> Finding | None:
    if trial.load is None:
        return None
    asked = trial.cell.workload.load
    in_flight = asked.connections * asked.depth
    effective, mute = trial.load["effective_concurrency"], trial.load["connections_without_reply"]
    short = asked.rate is None and effective is not None and effective < STARVED_BELOW * in_flight
    if in_flight < 2 or not (mute or short):
        return None
    facts = {"in_flight": in_flight, "effective_concurrency": effective}
    facts |= {"connections_without_reply": mute, "clients_at_once": terms.clients_at_once}
    if mute:
        reason = f"{mute} of {asked.connections} connections had no reply"
    else:
        reason = f"{effective:.1f} requests of {in_flight} were served at a time"
    if terms.clients_at_once is not None and terms.clients_at_once < asked.connections:
        clients = _count(terms.clients_at_once, "client", "clients")
        reason += f", by design: this model serves {clients} at once"
    return Finding(reason, facts)


def _generator_bound(trial: Trial, terms: Terms) -> Finding | None:
    usage, load = trial.server_usage, trial.load
    if load is None or usage is None or not usage.span_s or terms.shared:
        return None
    used = usage.cpu_s / usage.span_s
    # One Python process runs one thread at a time; one that used more is not held by the GIL.
    workers = usage.processes if used <= 1.05 * usage.processes else usage.threads
    usable = max(1, min(terms.server_cpus, workers))
    if used >= SPARE_BELOW * usable:
        return None
    facts = {"server_cpus_used": used, "server_cpus_usable": usable}
    reason = _generator_limit(trial, load, facts)
    if reason is None:
        return None
    spare = f"while the server used {used:.2f} of {_count(usable, 'CPU', 'CPUs')}"
    return Finding(f"{reason}, {spare}", facts)


def _generator_limit(trial: Trial, load: dict[str, Any], facts: dict[str, Any]) -> str | None:
    """Return what the generator ran out of; adds the numbers to the facts."""
    rate = trial.cell.workload.load.rate
    if rate is None:
        idle = facts["generator_idle_fraction"] = load["generator_idle_fraction"]
        if idle is None or idle >= IDLE_LIMIT:
            return None
        return f"the generator was idle for {idle:.0%} of the window only"
    achieved = facts["achieved_rps"] = load["achieved_rps"]
    facts["offered_rps"] = rate
    if achieved < (1 - RATE_TOLERANCE) * rate:
        return f"the generator sent {achieved:,.0f} of {rate:,.0f} requests/s"
    lag = facts["send_lag_p99_us"] = load["send_lag_us"]["p99"]
    response = facts["response_p99_us"] = load["response_us"]["p99"]
    if lag is None or response is None or lag <= LAG_SHARE_LIMIT * response:
        return None
    return f"the generator was {lag:,.0f} µs late at p99, of {response:,.0f} µs response time"


def _lossy(trial: Trial, terms: Terms) -> Finding | None:
    load = trial.load or {}
    sent, lost = load.get("sent"), load.get("lost")
    if not sent or not lost or lost <= LOSS_LIMIT * sent:
        return None
    facts = {"sent": sent, "lost": lost}
    return Finding(f"{lost:,} of {sent:,} datagrams were lost ({lost / sent:.2%})", facts)


def _overloaded(trial: Trial, terms: Terms) -> Finding | None:
    rate = trial.cell.workload.load.rate
    if trial.load is None or rate is None:
        return None
    answered, window_s = trial.load["throughput_rps"], trial.load["window_s"]
    chance = OVERLOAD_DEVIATIONS / (rate * window_s) ** 0.5
    if answered >= (1 - max(OVERLOAD_TOLERANCE, chance)) * rate:
        return None
    facts = {"throughput_rps": answered, "offered_rps": rate}
    return Finding(f"{answered:,.0f} of {rate:,.0f} requests/s were answered", facts)


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


@dataclass(frozen=True)
class Check:
    """One verdict: how a trial is recognised, and what a reader does about it.

    when, remedy: for a reader, when it is given and what to do about it
    one_is_enough: a single trial decides for its cell; else more than half of them are needed
    of_cell: what only all trials together show; it decides as well
    """

    name: str
    finds: Callable[[Trial, Terms], Finding | None]
    when: str
    remedy: str
    one_is_enough: bool = False
    of_cell: Callable[[Sequence[Trial]], Finding | None] = lambda trials: None


# In the order in which they are tried: the first that applies is the cell's verdict.
CHECKS = (
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
        "starved",
        _starved,
        "Connections had no reply at all; or in closed loop fewer requests were served at a time "
        "(effective concurrency) than three quarters of those in flight.",
        "Its percentiles are those of the lucky ones: use fewer connections, or a larger pool.",
    ),
    Check(
        "generator-bound",
        _generator_bound,
        "The generator had no idle time, or missed its schedule, while the server had CPU to "
        "spare.",
        "The server can do more: read it as a lower bound, or give the generator more CPUs.",
    ),
    Check(
        "lossy",
        _lossy,
        "More datagrams were lost than the limit allows.",
        "Times are those of the survivors: offer less, or enlarge the buffers.",
    ),
    Check(
        "overloaded",
        _overloaded,
        "In open loop, the server answered less than was offered.",
        "Waits grow with the window: offer less to compare latency.",
    ),
    Check(
        "unsteady",
        doubts.unsteady,
        "It got faster or slower across the window.",
        "Its mean is of no single state: give it a longer warm-up, or look at its series.",
    ),
    Check(
        "noisy",
        doubts.disturbed,
        "Others, or the hypervisor, took CPU of a side; or the clock changed; or the trials "
        "differ among themselves by more than the limit.",
        "Measure again on a quiet machine; `bench doctor` says what may disturb it.",
        of_cell=doubts.spread,
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
        if not decides and (whole := check.of_cell(trials)) is not None:
            found, decides = [whole] * len(trials), True
        if not found:
            continue
        (applying if decides else notes).append(_verdict(check, found, len(trials)))
    if not applying:
        return Verdict(VALID, "Nothing speaks against these figures", notes=tuple(notes))
    first, *others = applying
    return replace(first, notes=(*others, *notes))


def _verdict(check: Check, found: Sequence[Finding], trials: int) -> Verdict:
    """Give the first finding as the reason, with how many trials it was found in."""
    where = "" if len(found) == trials else f"In {len(found)} of {trials} trials: "
    reason = found[0].reason.rstrip(".")
    reason = where + reason if where else reason[:1].upper() + reason[1:]
    facts = {"trials": trials, "found_in": len(found)} | found[0].facts
    return Verdict(check.name, reason, check.remedy, facts)
