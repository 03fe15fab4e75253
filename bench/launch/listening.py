"""Where the processes of a server listen: what to tell if it is not where it was asked to."""

import contextlib
import os
import re
import socket
import struct
from collections.abc import Iterable
from pathlib import Path

from bench.host import kernel
from servers.terms import Address

# The state of a row of /proc/net/tcp that listens; a datagram socket that is bound has 07.
LISTENING, UNCONNECTED = "0A", "07"
TABLES = {
    "tcp": (("tcp", LISTENING), ("tcp6", LISTENING)),
    "tcp6": (("tcp", LISTENING), ("tcp6", LISTENING)),
    "udp": (("udp", UNCONNECTED), ("udp6", UNCONNECTED)),
}
# The flag of a row of /proc/net/unix that listens.
ACCEPTS = 0x10000


def hint(pids: Iterable[int], transport: str, asked: Address) -> str:
    """Say where a server listens, if that is not where it was asked to; else nothing."""
    places = elsewhere(pids, transport, asked)
    return f"; it listens on {', '.join(places)} and not on {written(asked)}" if places else ""


def elsewhere(
    pids: Iterable[int], transport: str, asked: Address, root: Path = kernel.ROOT
) -> list[str]:
    """Return where processes listen, as people write it; empty if it is where they were asked to.

    pids: the processes of one server; empty too if they listen nowhere, or do not show it
    """
    others: set[Address] = set()
    for pid in pids:
        own = inodes(pid, root)
        if transport == "unix":
            others |= unix_listeners(kernel.text(f"/proc/{pid}/net/unix", root) or "", own)
        for table, state in TABLES.get(transport, ()):
            text = kernel.text(f"/proc/{pid}/net/{table}", root) or ""
            others |= listeners(text, own, state)
    return [] if any(covers(each, asked) for each in others) else sorted(map(written, others))


def covers(address: Address, asked: Address) -> bool:
    """Return whether a socket bound to an address is reached at the address asked for."""
    if isinstance(address, str) or isinstance(asked, str):
        return address == asked
    # `::` takes IPv4 as well, unless it was told not to, which is not shown.
    anywhere = {"0.0.0.0"} if ":" not in asked[0] else set()  # noqa: S104  # told, not bound
    return address[1] == asked[1] and address[0] in {asked[0], "::", *anywhere}


def written(address: Address) -> str:
    """Return an address as people write it."""
    if isinstance(address, str):
        return address
    host = f"[{address[0]}]" if ":" in address[0] else address[0]
    return f"{host}:{address[1]}"


def inodes(pid: int, root: Path = kernel.ROOT) -> set[int]:
    """Return the inodes of the sockets that a process has open; empty if it does not show them."""
    numbers: set[int] = set()
    with contextlib.suppress(OSError):
        for link in (root / f"proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                if match := re.fullmatch(r"socket:\[(\d+)\]", os.readlink(link)):
                    numbers.add(int(match[1]))
    return numbers


def listeners(table: str, own: set[int], state: str = LISTENING) -> set[Address]:
    """Return the addresses in the text of /proc/net/tcp or its like that have one of the inodes."""
    sockets: set[Address] = set()
    for line in table.splitlines()[1:]:
        words = line.split()
        if len(words) > 9 and words[3] == state and words[9].isdigit() and int(words[9]) in own:
            host, _, port = words[1].partition(":")
            sockets.add((_host(host), int(port, 16)))
    return sockets


def _host(digits: str) -> str:
    """Return an address that the kernel wrote as words of 32 bits in the machine's byte order."""
    words = [int(digits[start : start + 8], 16) for start in range(0, len(digits), 8)]
    family = socket.AF_INET if len(words) == 1 else socket.AF_INET6
    return socket.inet_ntop(family, struct.pack(f"={len(words)}I", *words))


def unix_listeners(table: str, own: set[int]) -> set[Address]:
    """Return the paths in the text of /proc/net/unix that listen and have one of the inodes."""
    rows = (line.split(maxsplit=7) for line in table.splitlines()[1:])
    return {
        row[7]
        for row in rows
        if len(row) == 8 and int(row[3], 16) & ACCEPTS and row[6].isdigit() and int(row[6]) in own
    }
