"""Whether a server's memory grows in step with the requests that it answers."""

from dataclasses import dataclass

import numpy as np

from bench.base import limits
from bench.model.trial import Trial

# In so many parts of the requests: what settles grows less in each, what leaks as much in all.
PARTS = 3
# Of fewer looks a part has none of its own.
LOOKS_LEAST = PARTS + 2


@dataclass(frozen=True)
class Growth:
    """How the resident memory of a server grew across a window.

    size: bytes, from the first look in the window to the last; replies: that came meanwhile
    parts: bytes, while the first third of them came, the second and the last
    """

    size: float
    replies: float
    parts: tuple[float, ...]

    @property
    def per_request(self) -> float:
        """Return the bytes that a request left behind."""
        return self.size / self.replies

    @property
    def in_step(self) -> bool:
        """Tell if it is more than a heap takes that settles, and went on to the end."""
        least = limits.LEAK_EVEN * self.size / PARTS
        return self.size >= limits.LEAK_MIB * 2**20 and min(self.parts) >= least


def of_trial(trial: Trial) -> Growth | None:
    """Return how memory grew in a trial; None of one that was looked at too seldom to tell."""
    usage, result = trial.server_usage, trial.result
    if usage is None or result is None or len(usage.resident) < LOOKS_LEAST:
        return None
    at_s, sizes = (np.array(column, dtype=float) for column in zip(*usage.resident, strict=True))
    answered = np.concatenate([[0.0], np.cumsum(result.series.replies)])
    ends_s = result.series.step_s * np.arange(len(answered))
    # By what was answered when memory was looked at: a house that is busy looks late.
    replies = np.interp(at_s, ends_s, answered)
    span = float(replies[-1] - replies[0])
    if span <= 0:
        return None
    levels = np.interp(np.linspace(replies[0], replies[-1], PARTS + 1), replies, sizes)
    return Growth(float(levels[-1] - levels[0]), span, tuple(np.diff(levels).tolist()))
