"""The work of a request beside its echo, as a point of the axis `work`."""

import math
import re
from dataclasses import dataclass
from typing import Self

from servers import work

NONE = "none"
UNITS_US = {"us": 1.0, "µs": 1.0, "ms": 1e3, "s": 1e6}
DURATION = re.compile(r"(\d+(?:\.\d+)?)(us|µs|ms|s)")
# Beyond a second a window holds too few requests to say anything of them.
LEAST_US, MOST_US = 1.0, 1e6
HOW = "write none, or KIND:TIME[@SHARE] such as spin:100us, wait:5ms, spin:10ms@1%"


@dataclass(frozen=True)
class Work:
    """What a marked request asks for, and how many of them are marked.

    kind: `spin` holds the GIL, `release` lets it go, `wait` leaves the CPU alone
    us: how long it takes; share: the part of the requests that ask for it
    """

    kind: str
    us: float
    share: float = 1.0

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read a point as users write it, None for `none`; raises ValueError with one line."""
        if text == NONE:
            return None
        point, at, share = text.partition("@")
        kind, _, span = point.partition(":")
        if kind not in work.KINDS:
            raise ValueError(f"work {text!r}: {kind!r} is no kind of work; {HOW}")
        us = microseconds(span)
        if not LEAST_US <= us <= MOST_US:
            raise ValueError(f"work {text!r}: give a time from 1us to 1s, with its unit; {HOW}")
        return cls(kind, us, _share(text, share) if at else 1.0)

    def __str__(self) -> str:
        """Return the form that `parse` reads."""
        return self.name + (f"@{self.share * 100:g}%" if self.mixture else "")

    @property
    def name(self) -> str:
        """Return what one marked request asks for."""
        return f"{self.kind}:{duration(self.us)}"

    @property
    def mixture(self) -> bool:
        """Tell if some requests are plain echoes beside it."""
        return self.share < 1

    @property
    def holds_cpu(self) -> bool:
        """Tell if it is done on the CPU, so that it has to be measured out."""
        return self.kind in work.ON_CPU

    @property
    def lets_gil_go(self) -> bool:
        """Tell if threads can do it side by side on several CPUs."""
        return self.kind == "release"


def microseconds(text: str) -> float:
    """Read `100us`, `5ms` or `0.5s`; NaN where it is none."""
    match = DURATION.fullmatch(text)
    return float(match[1]) * UNITS_US[match[2]] if match else math.nan


def duration(us: float) -> str:
    """Return a time in the unit in which it is short: `100us`, `5ms`, `1s`."""
    unit = "us" if us < 1e3 else "ms" if us < 1e6 else "s"
    return f"{us / UNITS_US[unit]:g}{unit}"


def _share(text: str, share: str) -> float:
    try:
        value = float(share.removesuffix("%")) / (100 if share.endswith("%") else 1)
    except ValueError:
        value = math.nan
    if not 0 < value <= 1:
        raise ValueError(f"work {text!r}: give a share above 0 and up to 100%, such as 1%")
    return value
