"""What is said of a machine's sockets and ports: decided from facts alone."""

from bench.host.doctor.finding import OK, UNKNOWN, WARNING, MachineFacts, Remark
from servers import terms

# A thousand connections take as many descriptors in the server, and a Python process some more.
FILES_LIMIT = 4096
# Linux gives 28,232 ports. A closed connection holds its port for 60 s, unless it is reused.
PORTS_LIMIT = 16_384

TIME_WAIT_S = 60
# Every connection of a workload may arrive at once, before the server accepts one.
BACKLOG_LIMIT = 1024


def _files(facts: MachineFacts) -> Remark:
    if facts.files is None or facts.files >= FILES_LIMIT:
        seen = "no limit" if facts.files is None else f"up to {facts.files:,}"
        return Remark(OK, "open files", seen)
    remedy = f"Fewer connections than that can be opened: `ulimit -Hn {FILES_LIMIT}` as root"
    return Remark(WARNING, "open files", f"up to {facts.files:,}", remedy)


def _ports(facts: MachineFacts) -> Remark:
    if facts.ports is None:
        return Remark(OK, "ephemeral ports", UNKNOWN)
    low, high = facts.ports
    number = high - low + 1
    seen = f"{number:,} ({low} to {high})"
    if number < PORTS_LIMIT:
        remedy = "`sysctl net.ipv4.ip_local_port_range='32768 60999'`"
        return Remark(WARNING, "ephemeral ports", seen, remedy)
    if facts.reuse == 0:
        rate = number // TIME_WAIT_S
        remedy = f"Churn past {rate:,} connections/s runs out: `sysctl net.ipv4.tcp_tw_reuse=2`"
        return Remark(WARNING, "ephemeral ports", f"{seen}, not reused", remedy)
    return Remark(OK, "ephemeral ports", seen)


def _waiting(facts: MachineFacts) -> Remark:
    if facts.time_wait is None:
        return Remark(OK, "TIME_WAIT sockets", UNKNOWN)
    seen = f"{facts.time_wait:,} now"
    most = facts.time_wait_most
    if most is not None:
        seen += f", {most:,} at most"
    # Churn dials from address to address, and is not held up by what waits on one of them; but all
    # that waits is looked through, and has one table.
    if most is not None and facts.time_wait > most // 2:
        remedy = f"Half of the kernel's table is in use: wait {TIME_WAIT_S} s before churn"
        return Remark(WARNING, "TIME_WAIT sockets", seen, remedy)
    return Remark(OK, "TIME_WAIT sockets", seen)


def _tracked(facts: MachineFacts) -> Remark:
    if facts.tracked is None:
        return Remark(OK, "connection tracking", "none visible")
    count, most = facts.tracked
    seen = f"{count:,} of {most:,}"
    # A closed connection is followed for as long as it waits: the table must hold all of those.
    wanted = facts.time_wait_most or PORTS_LIMIT
    if most >= wanted:
        return Remark(OK, "connection tracking", seen)
    remedy = f"Churn fills the table: `sysctl net.netfilter.nf_conntrack_max={2 * wanted}`"
    return Remark(WARNING, "connection tracking", seen, remedy)


def _backlog(facts: MachineFacts) -> Remark:
    seen = f"{facts.backlog:,} connections may wait"
    if facts.backlog >= BACKLOG_LIMIT:
        return Remark(OK, "backlog", seen)
    remedy = "A full queue costs a client a second: `sysctl net.core.somaxconn=4096`"
    return Remark(WARNING, "backlog", seen, remedy)


def _datagrams(facts: MachineFacts) -> Remark:
    if facts.datagram_buffer is None:
        return Remark(OK, "datagram buffer", UNKNOWN)
    seen = f"{facts.datagram_buffer // 1024:,} KiB"
    if facts.datagram_buffer >= terms.DATAGRAM_BUFFER:
        return Remark(OK, "datagram buffer", seen)
    asked = terms.DATAGRAM_BUFFER
    remedy = f"Bursts are lost by the kernel: `sysctl net.core.rmem_max={asked}`"
    return Remark(WARNING, "datagram buffer", f"{seen} of {asked // 1024:,} asked for", remedy)


def _congestion(facts: MachineFacts) -> Remark:
    seen = facts.congestion_control
    if seen is None or seen in terms.CONGESTION_CONTROLS:
        return Remark(OK, "congestion control", seen or UNKNOWN)
    remedy = "It may pace loopback: `modprobe tcp_cubic`, or permit cubic to this user"
    return Remark(WARNING, "congestion control", seen, remedy)


LOOKS = (_files, _ports, _waiting, _tracked, _backlog, _datagrams, _congestion)
