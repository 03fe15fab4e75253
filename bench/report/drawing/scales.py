"""Logarithmic axes with ticks that can be read, whatever they span."""

from typing import Literal

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from bench.base import wording

# Below this from end to end, a step of each decade is too far away: ticks are even.
EVEN_UP_TO = 3.0
TICKS_MOST = 5
# Steps that 1 is a multiple of, so that it has a tick.
ROUND = (1, 2, 5, 10)
# Up to a span, the ticks of each decade that do not run into each other; beyond, its first alone.
SUBS = ((10.0, (1, 2, 3, 5, 7)), (60.0, (1, 2, 5)))


def plain(axis: Axis) -> None:
    """Write the ticks of an axis in one notation: not `8,000` beside `16k`."""
    axis.set_major_formatter(
        FuncFormatter(lambda tick, _: wording.scale(tick, max(axis.get_view_interval())))
    )


def logarithmic(axes: Axes, name: Literal["x", "y"], low: float, high: float) -> None:
    """Make one axis logarithmic between two limits."""
    axes.set(**{f"{name}scale": "log", f"{name}lim": (low, high)})
    axis = axes.xaxis if name == "x" else axes.yaxis
    span = high / low
    subs = next((subs for limit, subs in SUBS if span < limit), (1,))
    even = MaxNLocator(TICKS_MOST, steps=ROUND)
    axis.set_major_locator(even if span < EVEN_UP_TO else LogLocator(subs=subs))
    axis.set_major_formatter(FuncFormatter(lambda tick, _: wording.scale(tick)))
    axis.set_minor_formatter(NullFormatter())
    axis.set_tick_params(which="minor", length=0)
