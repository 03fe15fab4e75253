"""What was read of a machine, and a finding about it."""

from dataclasses import dataclass

from bench.host.topology import Topology

OK, WARNING, PROBLEM = "ok", "warning", "problem"
UNKNOWN = "not visible here"


@dataclass(frozen=True)
class MachineFacts:
    """What was read of the machine; None or empty where it does not say.

    affinity: CPUs that this process may use; quota: the tightest of its control groups, in CPUs
    topology: of the CPUs for a run; isolated: CPUs that only who asks for them gets
    load: CPUs of the affinity that are at work while nothing is measured
    files: the hard limit of open files of a process, None for none
    reuse: net.ipv4.tcp_tw_reuse, 0 is never, 1 always, 2 on loopback
    time_wait, time_wait_most: sockets in TIME_WAIT now, and as many as the kernel keeps
    tracked: connections that the firewall follows now, and as many as it can
    datagram_buffer: bytes that a datagram socket gets of the 4 MiB that it asks for
    """

    affinity: int
    quota: float | None
    topology: Topology
    isolated: tuple[int, ...]
    governors: tuple[str, ...]
    load: float | None
    files: int | None
    ports: tuple[int, int] | None
    reuse: int | None
    time_wait: int | None
    time_wait_most: int | None
    tracked: tuple[int, int] | None
    backlog: int
    datagram_buffer: int | None
    swap_used_mib: int | None
    virtualised: bool | None
    congestion_control: str | None
    clock_source: str | None
    address_randomisation: str | None


@dataclass(frozen=True)
class Remark:
    """One thing looked at. level: ok, warning or problem; remedy: what to do, empty if ok."""

    level: str
    what: str
    found: str
    remedy: str = ""
