"""What this machine has of local ports and open files, and whether a plan fits into it."""

import resource
from pathlib import Path

from loadgen.plan import Plan, PlanError
from loadgen.sockets import ephemeral_ports, is_loopback, loopback_sources, resolve

DESCRIPTORS_SPARE = 64
# What a plan may ask for: without a limit one process holds all.
IDLE_MOST = 100_000
# How long a closed connection keeps its port: TCP_TIMEWAIT_LEN of the kernel, and the second after
# which net.ipv4.tcp_tw_reuse lets it go.
TIME_WAIT_S = 60.0
REUSE_S = 1.0


def held_s(*, loopback: bool) -> float:
    """Return how long a closed connection keeps its port from a new one to the same address."""
    try:
        reuse = int(Path("/proc/sys/net/ipv4/tcp_tw_reuse").read_text(encoding="ascii"))
    except (OSError, ValueError):
        reuse = 2
    return REUSE_S if reuse == 1 or (reuse == 2 and loopback) else TIME_WAIT_S


def port_limit(plan: Plan) -> float | None:
    """Return how many connections per second the ports allow for ever; None is no limit.

    Every one is closed by the generator, which keeps its port for a while.
    """
    if plan.load.requests_per_connection is None or plan.target.transport == "unix":
        return None
    address = resolve(plan.target)
    loopback = is_loopback(address)
    sources = len(plan.sources) or len(loopback_sources(plan.target, address)) or 1
    low, high = ephemeral_ports()
    return sources * (high - low + 1) / held_s(loopback=loopback)


def check_ports(plan: Plan) -> None:
    """Refuse an offered rate of connections that the ports cannot carry; raises PlanError."""
    limit, asked = port_limit(plan), plan.load.connection_rate
    if limit is None or asked is None or asked <= limit:
        return
    raise PlanError(
        f"rate {plan.load.rate:g}: is {asked:,.0f} connections/s, and the ports of this machine "
        f"allow {limit:,.0f} to that address; offer less, or connect from more addresses (--source)"
    )


def idle_per_process() -> int:
    """Return how many idle connections one process can hold."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return IDLE_MOST if hard == resource.RLIM_INFINITY else max(1, hard - DESCRIPTORS_SPARE)


def raise_descriptor_limit(sockets: int) -> None:
    """Let this process open that many sockets.

    Raises:
        PlanError: the hard limit is lower; says which and how to raise it.
    """
    needed = sockets + DESCRIPTORS_SPARE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard not in (resource.RLIM_INFINITY,) and hard < needed:
        raise PlanError(
            f"{sockets} connections need {needed} open files in one process and the hard limit is "
            f"{hard}: raise it (ulimit -Hn {needed}, or LimitNOFILE=), or spread the load over "
            "more processes"
        )
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
