"""Run inside a network namespace of its own: loads that need more ports than there are.

    python -m tests.support.few_ports CASE

Prints the digest of the case.
"""

import fcntl
import json
import socket
import struct
import sys
from pathlib import Path

from bench.launch.launcher import Server
from bench.model.server import ServerSpec
from loadgen import fleet
from loadgen.plan import Load, Plan, Target
from loadgen.result import Result
from servers.discovery import discover
from tests.support import machine

SIOCSIFFLAGS = 0x8914
IFF_UP, IFF_LOOPBACK = 0x1, 0x8
FIRST_PORT, PORTS, CONNECTIONS = 50_000, 64, 300
FEW_PORTS = 10
KEPT = Load(CONNECTIONS)
CHURN = Load(20, requests_per_connection=1)
DEEP = Load(20, requests_per_connection=4, depth=2)
OPEN = Load(20, requests_per_connection=1, rate=2000.0)
ONE = ("127.0.0.1",)

# Against a server: transport, load, sources.
SERVED: dict[str, tuple[str, Load, tuple[str, ...]]] = {
    "kept": ("tcp", KEPT, ()),
    "churn": ("tcp", CHURN, ()),
    "churn with depth": ("tcp", DEEP, ()),
    "churn, open": ("tcp", OPEN, ()),
    "udp": ("udp", KEPT, ()),
    "kept from one address": ("tcp", KEPT, ONE),
    "churn from one address": ("tcp", CHURN, ONE),
    "churn with depth from one address": ("tcp", DEEP, ONE),
    "udp from one address": ("udp", KEPT, ONE),
    "kept, tcp6": ("tcp6", KEPT, ()),
    "churn, tcp6": ("tcp6", CHURN, ()),
}
# Against nobody, at a port that the kernel may give to those who dial: the same.
NOBODY: dict[str, tuple[str, Load, tuple[str, ...]]] = {
    "nobody": ("tcp", Load(2), ()),
    "nobody, churn": ("tcp", Load(2, requests_per_connection=1), ()),
    "nobody, from its own address": ("tcp", Load(2), ONE),
    "nobody, churn from its own address": ("tcp", Load(2, requests_per_connection=1), ONE),
    "nobody, open churn from its own address": (
        "tcp",
        Load(2, requests_per_connection=1, rate=9.0),
        ONE,
    ),
    "nobody, tcp6": ("tcp6", Load(2), ()),
    "nobody, churn, tcp6": ("tcp6", Load(2, requests_per_connection=1), ()),
    "nobody, udp": ("udp", Load(20), ()),
    "nobody, udp from its own address": ("udp", Load(20), ONE),
}


def set_up(ports: int) -> None:
    """Bring loopback up, and leave so many ports to those who name none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP | IFF_LOOPBACK))
    limits = Path("/proc/sys/net/ipv4/ip_local_port_range")
    limits.write_text(f"{FIRST_PORT} {FIRST_PORT + ports - 1}")


def served(transport: str, load: Load, sources: tuple[str, ...]) -> Result:
    """Return the digest of a load on a good server."""
    kind = "datagram" if transport == "udp" else "stream"
    variant = discover()[kind, "selectors-default"]
    spec = ServerSpec(variant.name, variant.family, variant)
    with Server(spec, transport, machine.allotment()) as server:
        assert isinstance(server.address, tuple)
        plan = Plan(Target(transport, *server.address[:2]), load, 0.4, 0.1, sources=sources)
        return fleet.run(plan)


def unserved(transport: str, load: Load, sources: tuple[str, ...]) -> Result:
    """Return the digest of a load on a port where nobody listens."""
    host = "::1" if transport == "tcp6" else "127.0.0.1"
    target = Target(transport, host, FIRST_PORT + 4)
    return fleet.run(Plan(target, load, 0.4, 0.1, 0.1, sources=sources))


def main() -> None:
    """Carry out the case that is named."""
    name = sys.argv[1]
    if name in SERVED:
        set_up(PORTS)
        print(json.dumps(served(*SERVED[name]).to_json()))
    else:
        set_up(FEW_PORTS)
        try:
            print(json.dumps(unserved(*NOBODY[name]).to_json()))
        except fleet.NobodyListens as error:
            print(json.dumps({"refused": str(error)}))


if __name__ == "__main__":
    main()
