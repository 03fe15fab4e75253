"""Checks of what the kernel's network did to a trial: drops, and acknowledgements that wait."""

from typing import Any

from bench.base import limits, wording
from bench.model.trial import Trial
from bench.verdicts.verdict import Finding, Setup
from loadgen.result import Result
from servers.terms import DATAGRAM_BUFFER

STREAMS = ("tcp", "tcp6")


def lossy(trial: Trial, _: Setup) -> Finding | None:
    """Return a finding if datagrams, or attempts to connect, were dropped beyond the limit."""
    transport = trial.cell.workload.transport
    if transport in STREAMS:
        return _turned_away(trial)
    return _dropped(trial) or _lost(trial)


def _turned_away(trial: Trial) -> Finding | None:
    """Return a finding if a full accept queue cost connections their first attempt."""
    dropped = (trial.counters or {}).get("ListenOverflows")
    connections = _connections_made(trial)
    if not dropped or connections is None or dropped <= limits.LOSS * connections:
        return None
    attempts = wording.count(dropped, "connection attempt was", "connection attempts were")
    reason = (
        f"{attempts} dropped: the server's accept queue was full, and each waits a second for the "
        "next try"
    )
    remedy = "Give its listener a longer backlog (listen(4096)), and raise net.core.somaxconn."
    return Finding(reason, _facts(trial, connections=connections), remedy)


def _connections_made(trial: Trial) -> float | None:
    """Return how many connections were made in the window; None where they are kept.

    In churn that is the replies over those of one connection: at least as many were made. Where
    none is dialled in the window, what was dropped in it is somebody else's: the kernel counts for
    the whole namespace.
    """
    if trial.result is None:
        return None
    asked = trial.cell.workload.load
    if asked.requests_per_connection is None:
        return None
    replies = trial.result.throughput_rps * trial.result.window_s
    return replies / asked.requests_per_connection


def _dropped(trial: Trial) -> Finding | None:
    """Return a finding if the server's own socket had no room for datagrams."""
    sent, _ = _datagrams(trial)
    dropped = (trial.counters or {}).get("udp_drops")
    if not sent or not dropped or dropped <= limits.LOSS * sent:
        return None
    most = (trial.counters or {}).get("rmem_max")
    buffer = "its receive buffer"
    remedy = "Offer less, or let the server ask for a larger buffer (SO_RCVBUF)."
    if most is not None and most < DATAGRAM_BUFFER:
        buffer += f" of at most {most:,} bytes (net.core.rmem_max)"
        remedy = f"Offer less, or `sysctl net.core.rmem_max={DATAGRAM_BUFFER}`."
    reason = (
        f"{dropped:,} of {sent:,} datagrams were dropped at the server's socket: {buffer} was full"
    )
    return Finding(reason, _facts(trial), remedy)


def _lost(trial: Trial) -> Finding | None:
    """Return a finding if datagrams had no answer, wherever they were lost."""
    sent, lost = _datagrams(trial)
    if not sent or not lost or lost <= limits.LOSS * sent:
        return None
    reason = f"{lost:,} of {sent:,} datagrams were lost ({lost / sent:.2%})"
    return Finding(reason, _facts(trial))


def _facts(trial: Trial, **more: object) -> dict[str, Any]:
    sent, lost = _datagrams(trial)
    return {"sent": sent, "lost": lost, "counters": trial.counters} | more


def _datagrams(trial: Trial) -> tuple[int | None, int | None]:
    """Return how many datagrams were sent, and how many had no answer; None on streams."""
    return (None, None) if trial.result is None else (trial.result.sent, trial.result.lost)


def delayed(trial: Trial, setup: Setup) -> Finding | None:
    """Return a finding if most requests waited for a delayed acknowledgement.

    A server with Nagle's algorithm on that sends a reply in pieces holds the second one until the
    first is acknowledged, and a client that waits for the rest has nothing to send along with it
    (RFC 896; Minshall et al., 2000). Where the house turned the algorithm off it is another wait.
    """
    usage, result = trial.server_usage, trial.result
    if setup.nodelay or result is None or trial.cell.workload.transport not in STREAMS:
        return None
    times = (result.response_us.p50, result.service_us.p50)
    least, most = limits.DELAYED_LEAST_US, limits.DELAYED_MOST_US
    delays = [each for each in times if each and least <= each <= most]
    if not delays or usage is None or not usage.span_s:
        return None
    used = usage.cpu_s / usage.span_s
    if used >= limits.DELAYED_CPUS or _acknowledged_at_once(trial, result):
        return None
    reason = (
        f"half of the requests took {wording.duration(delays[0])}: the server sends a reply in "
        "pieces and waits for the client's delayed acknowledgement (40 ms)"
    )
    facts = {"p50_us": delays[0], "server_cpus_used": used, "counters": trial.counters}
    return Finding(reason, facts)


def _acknowledged_at_once(trial: Trial, result: Result) -> bool:
    """Tell if the kernel counted fewer delayed acknowledgements than requests that took so long."""
    counted = (trial.counters or {}).get("DelayedACKs")
    replies = result.throughput_rps * result.window_s
    return counted is not None and counted < limits.DELAYED_SHARE * replies
