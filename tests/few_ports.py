"""Run inside a network namespace of its own: a load with more connections than there are ports."""

import fcntl
import json
import socket
import struct
from pathlib import Path

from bench.launcher import Server
from bench.spec import ServerSpec
from loadgen import fleet
from loadgen.plan import Load, Plan, Target
from servers.discovery import discover
from tests import machine

SIOCSIFFLAGS = 0x8914
IFF_UP, IFF_LOOPBACK = 0x1, 0x8
PORTS = 64
CONNECTIONS = 300


def main() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP | IFF_LOOPBACK))
    Path("/proc/sys/net/ipv4/ip_local_port_range").write_text(f"50000 {50000 + PORTS - 1}")
    variant = discover()["stream", "selectors-default"]
    spec = ServerSpec(variant.name, variant.family, variant)
    with Server(spec, "tcp", machine.terms()) as server:
        assert isinstance(server.address, tuple)
        target = Target("tcp", *server.address)
        print(json.dumps(fleet.run(Plan(target, Load(connections=CONNECTIONS), 0.3, 0.1))))


if __name__ == "__main__":
    main()
