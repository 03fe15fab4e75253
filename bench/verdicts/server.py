"""Checks of the trial itself: whether the instrument, the server and the echo were sound."""

from dataclasses import asdict
from typing import Any

from bench.analysis import leaks, metrics
from bench.base import limits, wording
from bench.model.trial import Status, Trial
from bench.verdicts.verdict import Finding, Setup
from loadgen.result import Result

# Of what was offered: with so much answered, those without a reply were passed over.
SERVED = 0.9
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


def instrument(trial: Trial, _: Setup) -> Finding | None:
    """Return a finding if the generator, the house or the machine failed."""
    if trial.status is Status.INSTRUMENT:
        return Finding(trial.reason or "the generator or the house failed", {})
    counts = {} if trial.result is None else trial.result.shortages.counts
    if not counts:
        return None
    name, times = max(counts.items(), key=lambda item: item[1])
    shortage = SHORTAGES.get(name, name)
    return Finding(f"{wording.count(times, 'time', 'times')} {shortage}", {"shortages": counts})


def failed(trial: Trial, _: Setup) -> Finding | None:
    """Return a finding if the server was not ready in time, or ended before."""
    if trial.status is not Status.FAILED:
        return None
    facts = {"exit_status": trial.exit_status, "output": trial.output}
    return Finding(trial.reason or "the server never became ready", facts)


def full(trial: Trial, _: Setup) -> Finding | None:
    """Return a finding if a limit of this machine kept the server from holding all connections."""
    if trial.met is None:
        return None
    load, usage = trial.cell.workload.load, trial.server_usage
    asked, files = load.connections + load.idle, usage and usage.open_files
    reason = f"it has {files or 0:,} files open under {asked:,} connections, at {trial.met.limit}"
    if trial.exit_status is not None:
        reason = f"it ended under {asked:,} connections, at {trial.met.limit}"
    facts = {"asked": asked, "open_files": files, "exit_status": trial.exit_status}
    return Finding(
        reason,
        facts | {"limit": trial.met.limit},
        f"{trial.met.remedy[:1].upper()}{trial.met.remedy[1:]}.",
    )


def broken_echo(trial: Trial, _: Setup) -> Finding | None:
    """Return a finding if a byte was wrong, a connection broke, or the server died or fell mute."""
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
    beside = trial.witness
    if beside is not None and beside.wrong and trial.cell.workload.transport != "udp":
        replies = wording.count(beside.wrong, "reply", "replies")
        return Finding(f"an independent client got {replies} wrong", _broken_facts(trial))
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


def no_work(trial: Trial, _: Setup) -> Finding | None:
    """Return a finding if work costs no CPU, or its replies come before it can be done."""
    work, result = trial.cell.workload.work, trial.result
    if work is None or result is None:
        return None
    cpu_us = metrics.of(trial).get("cpu_us_per_request")
    least_us = limits.WORK_LEAST * work.us * work.share
    if work.holds_cpu and cpu_us is not None and cpu_us < least_us:
        reason = f"{work} was asked for, and a request cost {cpu_us:,.0f} us of CPU"
        return Finding(reason, {"work_us": work.us, "cpu_us_per_request": cpu_us})
    times = result.response_us if result.heavy is None else result.heavy.response_us
    # Of few samples there is no p50; the longest of them took longer than half of them.
    took_us = times.max if times.p50 is None else times.p50
    if took_us is None or took_us >= limits.WORK_LEAST * work.us:
        return None
    reason = f"{work.name} was asked for, and half of the replies came within {took_us:,.0f} us"
    return Finding(reason, {"work_us": work.us, "p50_us": took_us})


def stalled(trial: Trial, _: Setup) -> Finding | None:
    """Return a finding if connections that were answered fell silent and stayed so."""
    result = trial.result
    if result is None or not result.stalled:
        return None
    since_s = result.stalled_since_s
    when = "" if since_s is None else f", from {_instant(since_s)} on"
    connections = wording.count(result.stalled, "connection", "connections")
    reason = f"{connections} of {result.connections:,} fell silent and stayed so{when}"
    facts = {"stalled": result.stalled, "since_s": since_s, "connections": result.connections}
    return Finding(reason, facts)


def leaking(trial: Trial, _: Setup) -> Finding | None:
    """Return a finding if the server's memory grew in step with the requests that it answered."""
    growth = leaks.of_trial(trial)
    if growth is None or not growth.in_step:
        return None
    grown, each = growth.size / 2**20, growth.per_request
    reason = (
        f"its memory grew by {wording.number(grown)} MiB in the window, by {wording.number(each)} "
        "bytes a request to the end"
    )
    return Finding(reason, {"grown_bytes": growth.size, "bytes_per_request": each})


def _instant(at_s: float) -> str:
    """Return an instant of a trial in words."""
    return f"{at_s:.1f} s of the window" if at_s >= 0 else f"{-at_s:.1f} s before the window"


def starved(trial: Trial, setup: Setup) -> Finding | None:
    """Return a finding if some clients waited while others were served."""
    if trial.result is None:
        return None
    asked = trial.cell.workload.load
    in_flight = asked.connections * asked.depth
    effective = trial.result.effective_concurrency
    mute = trial.result.connections_without_reply
    short = asked.rate is None and effective < limits.STARVED_BELOW * in_flight
    if refused := trial.result.not_connected:
        return _refused(trial.result, refused, asked.connections + asked.idle)
    if in_flight < 2 or not (mute or short):
        return None
    facts: dict[str, Any] = {"in_flight": in_flight, "effective_concurrency": effective}
    facts |= {"connections_without_reply": mute, "clients_at_once": setup.clients_at_once}
    if mute:
        reason = f"{mute} of {asked.connections} connections had no reply"
        if asked.rate is not None and trial.result.throughput_rps > SERVED * asked.rate:
            reason += ", and what was offered went to those that were free"
    else:
        reason = f"{effective:.1f} requests of {in_flight} were served at a time"
    if setup.clients_at_once is not None and setup.clients_at_once < asked.connections:
        clients = wording.count(setup.clients_at_once, "client", "clients")
        reason += f", by design: this model serves {clients} at once"
    return Finding(reason, facts)


def _refused(result: Result, refused: int, asked: int) -> Finding:
    """Return the finding of connections that could not be made, idle ones included."""
    return Finding(
        f"{refused:,} of {wording.count(asked, 'connection', 'connections')} could not be made",
        {"not_connected": refused, "asked": asked, "evidence": list(map(asdict, result.evidence))},
        "Raise the server's limit of open files or its backlog, or ask for fewer connections.",
    )
