"""The load generator beside other clients on the same C echo server: ratios, no absolute times.

The server has one CPU, the clients another, in turn. In each round the two sides run in the order
ABBA, so that a machine that drifts slows both alike.
"""

import itertools
import json
import statistics
import subprocess
import sys
from collections.abc import Callable

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.launcher import Server
from servers.terms import Address
from tests import machine, native

ROUNDS = 5
SECONDS = 1.0
# From its start to its end; far more than any client needs.
LIMIT_S = 30.0

# Replies per second of one run against a server.
Client = Callable[[Address], float]


def run(words: list[str]) -> dict[str, float]:
    """Run a client on the clients' CPU and read the document that it prints."""
    with machine.pinned(machine.split()[1]):
        done = subprocess.run(
            words, cwd=native.ROOT, timeout=LIMIT_S, check=True, stdout=subprocess.PIPE
        )
    document: dict[str, float] = json.loads(done.stdout)
    return document


def generator(connections: int, payload_bytes: int) -> Client:
    """Return the load generator, every byte verified and every reply recorded."""
    options = {
        "connections": connections,
        "payload": payload_bytes,
        "duration": SECONDS,
        "warmup": 0.2,
        "cpus": machine.split()[1],
    }
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]

    def client(address: Address) -> float:
        target = f"{address[0]}:{address[1]}"
        digest = run([sys.executable, "-m", "loadgen", target, *words, "--json"])
        assert digest["mismatches"] == 0
        assert digest["errors"] == 0
        assert digest["connections_without_reply"] == 0
        return digest["throughput_rps"]

    return client


def counting(words: list[str], connections: int, payload_bytes: int) -> Client:
    """Return a client that takes HOST PORT CONNECTIONS PAYLOAD SECONDS and counts replies."""

    def client(address: Address) -> float:
        place = [str(address[0]), str(address[1])]
        counts = run([*words, *place, str(connections), str(payload_bytes), str(SECONDS)])
        return counts["replies"] / counts["seconds"]

    return client


def compare(benchmark: BenchmarkFixture, ours: Client, other: Client) -> None:
    """Run both sides in rounds of ABBA and keep the ratio ours / other of each round."""
    rates: list[tuple[float, float, float, float]] = []

    def rounds() -> None:
        with Server(machine.native_echo(), "tcp", machine.terms()) as server:
            for _ in range(ROUNDS):
                first, second, third, fourth = (
                    client(server.address) for client in (ours, other, other, ours)
                )
                rates.append((first, second, third, fourth))

    benchmark.pedantic(rounds, rounds=1, iterations=1)  # type: ignore[no-untyped-call]
    ratios = [(first + fourth) / (second + third) for first, second, third, fourth in rates]
    benchmark.extra_info |= {
        "ratio_median": round(statistics.median(ratios), 3),
        "ratio_min": round(min(ratios), 3),
        "ratio_max": round(max(ratios), 3),
        "ratios": [round(ratio, 3) for ratio in ratios],
        "ours_rps": round(statistics.median(rate for a, _, _, b in rates for rate in (a, b))),
        "other_rps": round(statistics.median(rate for _, a, b, _ in rates for rate in (a, b))),
        "shared_cpu": len(set(machine.split())) == 1,
    }
    assert min(itertools.chain.from_iterable(rates)) > 0


@pytest.mark.parametrize(("connections", "payload_bytes"), [(50, 64), (50, 1024), (10_000, 64)])
def test_generator_beside_a_c_client(
    benchmark: BenchmarkFixture, connections: int, payload_bytes: int
) -> None:
    c_client = counting([str(native.build("client"))], connections, payload_bytes)
    compare(benchmark, generator(connections, payload_bytes), c_client)


def test_generator_beside_a_process_for_each_connection(benchmark: BenchmarkFixture) -> None:
    program = str(native.ROOT / "tests" / "perf" / "blocking_client.py")
    processes = counting([sys.executable, program], 50, 64)
    compare(benchmark, generator(50, 64), processes)
