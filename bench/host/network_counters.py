"""The kernel's own counters of what it dropped, sent again or held back; absent if it is silent.

Those of TCP are of the whole network namespace: on a machine that does nothing else, of the trial.
"""

from pathlib import Path

from bench.host import kernel
from bench.host.kernel import ROOT
from servers.terms import Address

# Of /proc/net/netstat and /proc/net/snmp, by the table that they stand in (RFC 4022 and the
# kernel's Documentation/networking/snmp_counter.rst):
# ListenOverflows: a connection attempt met a full accept queue; ListenDrops: for any reason
# TCPTimeouts, RetransSegs: retransmission timers that fired, segments sent again
# DelayedACKs: acknowledgements that were sent since their timer fired
TABLES = (
    (
        *("/proc/net/netstat", "TcpExt"),
        ("ListenOverflows", "ListenDrops", "TCPTimeouts", "DelayedACKs"),
    ),
    ("/proc/net/snmp", "Tcp", ("RetransSegs",)),
)
DATAGRAM_TABLES = ("/proc/net/udp", "/proc/net/udp6")
RMEM_MAX = "/proc/sys/net/core/rmem_max"


def read(address: Address | None = None, root: Path = ROOT) -> dict[str, int]:
    """Return the counters as they stand; what the kernel does not tell is left out.

    address: of the server, for the drops of its datagram sockets (`udp_drops`)
    """
    counters: dict[str, int] = {}
    for path, name, wanted in TABLES:
        table = parse_table(kernel.text(path, root) or "", name)
        counters |= {key: table[key] for key in wanted if key in table}
    if isinstance(address, tuple):
        texts = [kernel.text(path, root) or "" for path in DATAGRAM_TABLES]
        drops = [each for text in texts if (each := parse_drops(text, address[1])) is not None]
        counters |= {"udp_drops": sum(drops)} if drops else {}
    return counters


def parse_table(text: str, name: str) -> dict[str, int]:
    """Return a table of /proc/net/netstat or /proc/net/snmp: a line of names, one of numbers.

    Empty where it is not there, or its lines do not fit each other.
    """
    rows = [words[1:] for line in text.splitlines() if (words := line.split())[:1] == [f"{name}:"]]
    if len(rows) != 2 or len(rows[0]) != len(rows[1]):
        return {}
    try:
        return dict(zip(rows[0], map(int, rows[1]), strict=True))
    except ValueError:
        return {}


def parse_drops(text: str, port: int) -> int | None:
    """Return the drops of the sockets bound to a port, as /proc/net/udp has them; None without one.

    The last column counts the datagrams that found the socket's receive buffer full.
    """
    head, *lines = text.splitlines() or [""]
    if head.split()[-1:] != ["drops"]:
        return None
    drops: list[int] = []
    for line in lines:
        words = line.split()
        if len(words) > 2 and words[1].rpartition(":")[2].upper() == f"{port:04X}":
            if not words[-1].isdigit():
                return None
            drops.append(int(words[-1]))
    return sum(drops) if drops else None


def receive_buffer_most(root: Path = ROOT) -> int | None:
    """Return the largest receive buffer that a socket may ask for, in bytes; None unknown."""
    return kernel.number(RMEM_MAX, root)


def between(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """Return what was counted between two readings, of counters that both have.

    One that went back is left out: a socket was closed, and its count is gone with it.
    """
    spent = {name: after[name] - count for name, count in before.items() if name in after}
    return {name: count for name, count in spent.items() if count >= 0}
