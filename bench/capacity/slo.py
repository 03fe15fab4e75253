"""A limit on a percentile of response time, as it is written: `p99 < 5ms`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bench.base import wording
from bench.base.errors import ConfigError

WRITTEN = re.compile(r"\s*p(\d{1,2}(?:\.\d{1,3})?)\s*<=?\s*([0-9.]+)\s*(us|µs|μs|ms|s)\s*")
UNITS_US = {"us": 1.0, "µs": 1.0, "μs": 1.0, "ms": 1e3, "s": 1e6}
# Beyond a minute nobody waits, and no drain is that long.
LONGEST_US = 60e6
HOW = "write a percentile and a time with its unit: 'p99 < 5ms'"


@dataclass(frozen=True)
class Slo:
    """A service level objective: so many percent of the requests are answered within a time.

    percentile: above 0, below 100; limit_us: the time
    """

    percentile: float
    limit_us: float

    @property
    def share(self) -> float:
        """Return which part of the requests may take longer."""
        return 1 - self.percentile / 100

    def __str__(self) -> str:
        """Return the form that `parse` reads."""
        return f"p{self.percentile:g} < {wording.tick(self.limit_us)}"


def parse(text: str) -> Slo:
    """Read a limit as users write it; raises ConfigError."""
    found = WRITTEN.fullmatch(text)
    if found is None:
        raise ConfigError(f"--slo {text!r}: {HOW}")
    percentile, number, unit = found.groups()
    try:
        limit_us = float(number) * UNITS_US[unit]
    except ValueError:
        raise ConfigError(f"--slo {text!r}: {number} is no number; {HOW}") from None
    if not 0 < float(percentile) < 100:
        raise ConfigError(f"--slo {text!r}: a percentile is above 0 and below 100; {HOW}")
    if not 0 < limit_us <= LONGEST_US:
        raise ConfigError(f"--slo {text!r}: the time is above 0 and at most a minute; {HOW}")
    return Slo(float(percentile), limit_us)


def parse_all(texts: Sequence[str]) -> tuple[Slo, ...]:
    """Read several limits, of each percentile one; raises ConfigError."""
    if not texts:
        raise ConfigError(f"--slo is missing: {HOW}")
    found = tuple(parse(text) for text in texts)
    for at, slo in enumerate(found):
        if slo.percentile in (each.percentile for each in found[:at]):
            raise ConfigError(f"--slo: p{slo.percentile:g} has two limits; give one")
    return found
