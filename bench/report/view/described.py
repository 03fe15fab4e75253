"""What a workload asks for, in words."""

from bench.base import wording
from bench.model.trial import Workload

# How a generator waits for replies, where a workload says so.
WAITING = {"spin": "spins", "sleep": "sleeps"}

# What a request does, and how; and what a hog does.
DOING = {
    "spin": ("compute", "in Python "),
    "release": ("compute", "without the GIL "),
    "wait": ("wait", ""),
}
HOGGING = {"spin": "computes in Python", "release": "computes without the GIL"}


def of(workload: Workload) -> str:
    """Return its axes in words: `50 connections kept open, 64 B, closed loop, TCP`."""
    load = workload.load
    parts = [wording.count(load.connections, "connection", "connections")]
    if load.connection_rate is not None:
        requests = wording.count(load.requests_per_connection or 1, "request", "requests")
        parts[0] += " at a time at most"
        parts.append(f"{load.connection_rate:,g} offered per second, of {requests} each")
    elif load.requests_per_connection is None:
        parts[0] += " kept open"
    else:
        requests = wording.count(load.requests_per_connection, "request", "requests")
        parts.append(f"reconnecting after {requests}")
    parts.append(f"{load.payload_bytes:,} B")
    if load.rate is None:
        parts.append("closed loop")
        parts += [f"depth {load.depth}"] if load.depth > 1 else []
        parts += [f"{load.think_us:,} µs think time"] if load.think_us else []
    elif load.connection_rate is not None:
        parts.append(f"open loop ({load.arrivals} gaps)")
    else:
        parts.append(f"open loop, {load.rate:,g} requests/s offered ({load.arrivals} gaps)")
        parts += ["connections by turns"] if load.assignment == "turns" else []
    parts += [f"{load.idle:,} idle connections"] if load.idle else []
    pool = workload.pool_size
    parts += [f"pools of {wording.count(pool, 'worker', 'workers')}"] if pool else []
    cpus = workload.cpus
    parts += [f"the server on {wording.count(cpus, 'CPU', 'CPUs')} at most"] if cpus else []
    parts += _inside(workload)
    parts += [f"the generator {WAITING[load.wait]}"] if load.wait else []
    return ", ".join([*parts, workload.transport.upper()])


def _inside(workload: Workload) -> list[str]:
    """Return in words what a server is asked to do beside the echo."""
    work, interval, parts = workload.work, workload.switch_interval_us, []
    if work is not None:
        does, how = DOING[work.kind]
        some = f"{work.share * 100:g} % of the requests {does}"
        who = some if work.mixture else f"each request {does}s"
        parts.append(f"{who} {how}for {wording.tick(work.us)}")
    parts += [f"a thread beside the server {HOGGING[workload.hog]}"] if workload.hog else []
    parts += [] if interval is None else [f"switch interval {wording.tick(interval)}"]
    return parts
