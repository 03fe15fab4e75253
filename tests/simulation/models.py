"""Models of noise: what trials of servers of known speed come out at, block by block."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.pairs.pairwise import Entrant

# A block moves all servers alike, by this standard deviation.
MACHINE = 0.10
QUIET = 0.03

Logs = NDArray[np.float64]


@dataclass(frozen=True)
class Noise:
    """How trials scatter about a server's truth, in standard deviations of the logarithm.

    name: in words; spread: of each server in turn, the last one for all that follow
    tails: degrees of freedom of Student's t, None: normal
    dependence: of a server's trial on its own one block before
    slow: the chance of a slow mode, and how much slower it is
    drift: of the whole machine, from the first block to the last
    lost: the chance that a trial is lost
    """

    name: str
    spread: tuple[float, ...] = (QUIET,)
    tails: float | None = None
    dependence: float = 0.0
    slow: tuple[float, float] = (0.0, 0.0)
    drift: float = 0.0
    lost: float = 0.0

    def drawn(self, source: np.random.Generator, servers: int, blocks: int) -> Logs:
        """Return logarithms by block and server, NaN where a trial was lost."""
        shape = (blocks, servers)
        noise = source.standard_normal(shape)
        if self.tails is not None:
            noise = source.standard_t(self.tails, shape) / math.sqrt(self.tails / (self.tails - 2))
        for block in range(1, blocks if self.dependence else 0):
            own = math.sqrt(1 - self.dependence**2) * noise[block]
            noise[block] = self.dependence * noise[block - 1] + own
        noise *= [self.spread[min(at, len(self.spread) - 1)] for at in range(servers)]
        chance, slower = self.slow
        noise -= slower * (source.random(shape) < chance)
        machine = MACHINE * source.standard_normal((blocks, 1))
        machine += self.drift * np.linspace(0, 1, blocks)[:, None]
        return np.where(source.random(shape) < self.lost, math.nan, noise + machine)


def entrants(logs: Logs, speeds: tuple[float, ...] = ()) -> list[Entrant]:
    """Return servers with their values by block; speeds: of the first ones, all others have 1."""
    factors = [*speeds, *[1.0] * (logs.shape[1] - len(speeds))]
    return [
        Entrant(
            f"server-{at}",
            {
                block: 40_000 * factor * math.exp(value)
                for block, value in enumerate(logs[:, at].tolist())
                if not math.isnan(value)
            },
        )
        for at, factor in enumerate(factors)
    ]


def mixed(quiet: int, loud: float, servers: int) -> tuple[float, ...]:
    """Return spreads of which the first ones are quiet and the rest so many times louder."""
    return (*[QUIET] * quiet, *[QUIET * loud] * (servers - quiet))
