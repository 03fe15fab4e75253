"""The contract holds for every variant found, and it catches servers that break it."""

import contextlib
import os
import textwrap
from pathlib import Path

import pytest

from bench.authoring import contract
from bench.authoring.contract import client
from bench.launch.launcher import Allotment, Server
from bench.model.server import Command, ServerSpec
from servers import discovery

pytestmark = pytest.mark.usefixtures("many_descriptors")
FAIR = Allotment(cpus=tuple(sorted(os.sched_getaffinity(0))), pool_size=2)
TRANSPORTS = {"stream": ("tcp", "tcp6", "unix"), "datagram": ("udp",)}
CASES = [
    pytest.param(variant, transport, id=f"{variant.name}-{transport}")
    for variant in discovery.discover().values()
    for transport in TRANSPORTS[variant.kind]
]
# A server with holes; each case below fills one of them with what breaks the contract.
LOOP = """
    import socket, sys, threading, time, os, signal
    FAMILY = "broken"
    {constants}
    def echo(client):
        with client:
            try:
                {body}
            except ConnectionError:
                pass
    def serve(listener, settings):
        {begin}
        while True:
            client, _ = listener.accept()
            {handle}
"""
THREAD = "threading.Thread(target=echo, args=(client,), daemon=True).start()"
ECHO = "while data := client.recv(65536): client.sendall(data)"


def has_ipv6() -> bool:
    return Path("/proc/net/if_inet6").exists() and bool(Path("/proc/net/if_inet6").read_text())


def failures(spec: ServerSpec, transport: str, fair: Allotment = FAIR) -> dict[str, str]:
    outcomes = contract.run(spec, transport, fair)
    return {outcome.check: outcome.detail for outcome in outcomes if not outcome.passed}


@pytest.mark.parametrize(("variant", "transport"), CASES)
def test_every_variant_keeps_the_contract(variant: discovery.Variant, transport: str) -> None:
    if missing := variant.missing():
        pytest.skip(f"needs {', '.join(missing)}")
    if transport == "tcp6" and not has_ipv6():
        pytest.skip("no IPv6 here")
    assert failures(ServerSpec(variant.name, variant.family, variant), transport) == {}


def broken(
    folder: Path,
    *,
    body: str = ECHO,
    handle: str = THREAD,
    begin: str = "pass",
    constants: str = "",
) -> ServerSpec:
    """Write a server that breaks the contract and return it."""
    path = folder / "broken.py"
    text = textwrap.dedent(LOOP).format(body=body, handle=handle, begin=begin, constants=constants)
    path.write_text(f'"""Broken."""\n{text}')
    return ServerSpec("broken", "broken", discovery.read(path))


BROKEN = [
    pytest.param(
        {"body": "while client.recv_into(b := bytearray(100)): client.sendall(b)"},
        {"echoes"},
        id="echoes its whole buffer",
    ),
    pytest.param(
        {"body": "while data := client.recv(65536): client.sendall(data[:512])"},
        {"one KiB", "four MiB", "half-close"},
        id="echoes only a part",
    ),
    pytest.param(
        {"body": "while data := client.recv(65536): client.send(data[:60000])"},
        {"four MiB", "half-close"},
        id="loses what does not fit",
    ),
    pytest.param(
        {"handle": "echo(client)"}, {"many clients", "slow reader"}, id="one client at a time"
    ),
    pytest.param(
        {"handle": "echo(client)", "constants": "MAX_CLIENTS = 1"},
        {"slow reader"},
        id="stalls the others and does not say so",
    ),
    pytest.param(
        {"constants": "ISOLATES_SLOW_READER = False"},
        {"slow reader"},
        id="says that it stalls the others and does not",
    ),
    pytest.param({}, {"work"}, id="does no work and does not say so"),
    pytest.param(
        {"constants": "BOUNDS_MEMORY = False"},
        {"bounded memory"},
        id="says that it grows and does not",
    ),
    pytest.param(
        {"begin": "signal.signal(signal.SIGTERM, signal.SIG_IGN)"},
        {"ends in mid-client", "ends when idle"},
        id="ignores SIGTERM",
    ),
    pytest.param(
        {
            # The parent goes on when its child has left the group: a SIGTERM misses it from then.
            "begin": "r, w = os.pipe(); os.fork() and os.read(r, 1) or "
            "(os.setsid(), os.write(w, b'x'), time.sleep(1000))"
        },
        {"ends in mid-client", "ends when idle"},
        id="leaves an orphan in another session",
    ),
    pytest.param(
        {"body": ECHO + "\n            print('Warning: bye', file=sys.stderr)"},
        {"prints nothing"},
        id="prints a warning",
    ),
    pytest.param({"begin": "sys.exit('no')"}, {"starts"}, id="exits at once"),
]


@pytest.mark.parametrize(("parts", "expected"), BROKEN)
def test_a_broken_server_is_caught(
    parts: dict[str, str],
    expected: set[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "HANG_S", 0.3)
    impatient = Allotment(FAIR.cpus, FAIR.pool_size, grace_s=0.3)
    assert expected <= failures(broken(tmp_path, **parts), "tcp", impatient).keys()


def test_a_server_that_dies_of_a_reset_is_caught(tmp_path: Path) -> None:
    path = tmp_path / "frail.py"
    path.write_text(
        '"""Dies of a reset."""\n'
        'FAMILY = "broken"\nMAX_CLIENTS = 1\nISOLATES_SLOW_READER = False\n'
        "def serve(listener, settings):\n"
        "    while True:\n"
        "        client, _ = listener.accept()\n"
        "        while data := client.recv(65536):\n"
        "            client.sendall(data)\n"
        "        client.close()\n"
    )
    found = failures(ServerSpec("frail", "broken", discovery.read(path)), "tcp")
    assert "status 1" in found["abrupt reset"]
    assert "ConnectionResetError" in found["abrupt reset"]


def test_a_server_that_hoards_is_caught(tmp_path: Path) -> None:
    path = tmp_path / "hoarder.py"
    path.write_text(
        '"""Reads on while nobody takes the replies."""\nimport asyncio\nFAMILY = "broken"\n'
        'CANNOT = ("spin", "release", "wait")\n'
        "class Echo(asyncio.Protocol):\n"
        "    def connection_made(self, transport): self.transport = transport\n"
        "    def data_received(self, data): self.transport.write(data)\n"
        "async def run(listener):\n"
        "    loop = asyncio.get_running_loop()\n"
        "    await (await loop.create_server(Echo, sock=listener)).serve_forever()\n"
        "def serve(listener, settings): asyncio.run(run(listener))\n"
    )
    found = failures(ServerSpec("hoarder", "broken", discovery.read(path)), "tcp")
    assert found.keys() == {"bounded memory"}


def test_a_foreign_command_is_held_to_everything() -> None:
    program = (
        "import asyncio, sys\n"
        "async def echo(r, w):\n"
        "    try:\n"
        "        while d := await r.read(65536):\n"
        "            w.write(d); await w.drain()\n"
        "    except ConnectionError: pass\n"
        "    w.close()\n"
        "async def main():\n"
        "    await (await asyncio.start_server(echo, *sys.argv[1:])).serve_forever()\n"
        "asyncio.run(main())\n"
    )
    command = Command(("python3", "-c", program, "{host}", "{port}"))
    assert failures(ServerSpec("foreign", "foreign", command=command), "tcp") == {}


@pytest.mark.parametrize("kind", list(contract.CLAUSES))
def test_every_check_says_what_it_asks_and_what_to_change(kind: str) -> None:
    names = [check.name for check in contract.CLAUSES[kind]]
    assert len(names) == len(set(names))
    assert all(check.asks and check.advice for check in contract.CLAUSES[kind])


def test_out_of_descriptors_a_selector_lets_clients_wait_and_serves_them_later() -> None:
    variant = discovery.discover()["stream", "selectors-select"]
    spec = ServerSpec(variant.name, variant.family, variant)
    with Server(spec, "tcp", FAIR) as server, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(client.connect(server)) for _ in range(1100)]
        for sock in clients:
            sock.sendall(b"?")
        for sock in clients[:1000]:
            client.receive(sock, b"?")
        assert client.silent(clients[-1])
        for sock in clients[:1000]:
            sock.close()
        for sock in clients[1000:]:
            client.receive(sock, b"?")
        assert server.output() == ""
