"""Clients of one server side by side: ratios, no absolute times.

The server has one CPU, the clients another, in turn. A round runs them forwards and then backwards
(ABBA), so that a machine that drifts slows all alike.
"""

from collections.abc import Callable, Sequence

from bench.launch.launcher import Server
from bench.model.server import ServerSpec
from tests.support import machine

ROUNDS = 5

# What one run of a client found, by name.
Figures = dict[str, float]
Client = Callable[[Server], Figures]


def alternate(spec: ServerSpec, clients: Sequence[Client], rounds: int) -> list[list[Figures]]:
    """Return for each client what it found in each round, the mean of its two runs there."""
    found: list[list[Figures]] = [[] for _ in clients]
    with Server(spec, "tcp", machine.allotment()) as server:
        for _ in range(rounds):
            forwards = [client(server) for client in clients]
            backwards = [client(server) for client in reversed(clients)][::-1]
            for place, pair in enumerate(zip(forwards, backwards, strict=True)):
                found[place].append(mean(*pair))
    return found


def mean(first: Figures, second: Figures) -> Figures:
    """Return the mean of two runs, figure by figure."""
    return {name: (value + second[name]) / 2 for name, value in first.items()}


def column(found: Sequence[Figures], name: str) -> list[float]:
    """Return one figure of each round."""
    return [figures[name] for figures in found]
