"""What is said of a machine's sockets and ports: decided from facts alone."""

from bench.host.doctor.finding import OK, UNKNOWN, WARNING, Facts, Finding
from servers import terms

# A thousand connections take as many descriptors in the server, and a Python process some more.
FILES_LIMIT = 4096
# Linux gives 28,232 ports. A closed connection holds its port for 60 s, unless it is reused.
PORTS_LIMIT = 16_384

TIME_WAIT_S = 60
# Every connection of a workload may arrive at once, before the server accepts one.
BACKLOG_LIMIT = 1024


def _files(facts: Facts) -> Finding:
    if facts.files is None or facts.files >= FILES_LIMIT:
        found = "no limit" if facts.files is None else f"up to {facts.files:,}"
        return Finding(OK, "open files", found)
    remedy = f"Fewer connections than that can be opened: `ulimit -Hn {FILES_LIMIT}` as root"
    return Finding(WARNING, "open files", f"up to {facts.files:,}", remedy)


def _ports(facts: Facts) -> Finding:
    if facts.ports is None:
        return Finding(OK, "ephemeral ports", UNKNOWN)
    low, high = facts.ports
    number = high - low + 1
    found = f"{number:,} ({low} to {high})"
    if number < PORTS_LIMIT:
        remedy = "`sysctl net.ipv4.ip_local_port_range='32768 60999'`"
        return Finding(WARNING, "ephemeral ports", found, remedy)
    if facts.reuse == 0:
        rate = number // TIME_WAIT_S
        remedy = f"Churn past {rate:,} connections/s runs out: `sysctl net.ipv4.tcp_tw_reuse=2`"
        return Finding(WARNING, "ephemeral ports", f"{found}, not reused", remedy)
    return Finding(OK, "ephemeral ports", found)


def _waiting(facts: Facts) -> Finding:
    if facts.time_wait is None:
        return Finding(OK, "TIME_WAIT sockets", UNKNOWN)
    found = f"{facts.time_wait:,} now"
    most = facts.time_wait_most
    if most is not None:
        found += f", {most:,} at most"
    # Churn dials from address to address, and is not held up by what waits on one of them; but all
    # that waits is looked through, and has one table.
    if most is not None and facts.time_wait > most // 2:
        remedy = f"Half of the kernel's table is in use: wait {TIME_WAIT_S} s before churn"
        return Finding(WARNING, "TIME_WAIT sockets", found, remedy)
    return Finding(OK, "TIME_WAIT sockets", found)


def _tracked(facts: Facts) -> Finding:
    if facts.tracked is None:
        return Finding(OK, "connection tracking", "none visible")
    count, most = facts.tracked
    found = f"{count:,} of {most:,}"
    # A closed connection is followed for as long as it waits: the table must hold all of those.
    wanted = facts.time_wait_most or PORTS_LIMIT
    if most >= wanted:
        return Finding(OK, "connection tracking", found)
    remedy = f"Churn fills the table: `sysctl net.netfilter.nf_conntrack_max={2 * wanted}`"
    return Finding(WARNING, "connection tracking", found, remedy)


def _backlog(facts: Facts) -> Finding:
    found = f"{facts.backlog:,} connections may wait"
    if facts.backlog >= BACKLOG_LIMIT:
        return Finding(OK, "backlog", found)
    remedy = "A full queue costs a client a second: `sysctl net.core.somaxconn=4096`"
    return Finding(WARNING, "backlog", found, remedy)


def _datagrams(facts: Facts) -> Finding:
    if facts.datagram_buffer is None:
        return Finding(OK, "datagram buffer", UNKNOWN)
    found = f"{facts.datagram_buffer // 1024:,} KiB"
    if facts.datagram_buffer >= terms.DATAGRAM_BUFFER:
        return Finding(OK, "datagram buffer", found)
    asked = terms.DATAGRAM_BUFFER
    remedy = f"Bursts are lost by the kernel: `sysctl net.core.rmem_max={asked}`"
    return Finding(WARNING, "datagram buffer", f"{found} of {asked // 1024:,} asked for", remedy)


def _congestion(facts: Facts) -> Finding:
    found = facts.congestion_control
    if found is None or found in terms.CONGESTION_CONTROLS:
        return Finding(OK, "congestion control", found or UNKNOWN)
    remedy = "It may pace loopback: `modprobe tcp_cubic`, or permit cubic to this user"
    return Finding(WARNING, "congestion control", found, remedy)


LOOKS = (_files, _ports, _waiting, _tracked, _backlog, _datagrams, _congestion)
