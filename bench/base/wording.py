"""Numbers as people read them: rounded to what their interval supports, with their unit."""

import math
import re

from bench.base.estimate import Estimate

# What steers a terminal or turns the order of letters, and what is no text; not newline and tab.
HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
# Without an interval nothing says how many digits are sure; two more than the first are shown.
DIGITS_WITHOUT_INTERVAL = 3
# However narrow an interval comes out, nothing here is known better than this: clocks, counters
# and the window's ends all add to it.
FINEST = 0.0005
FINEST_PLACE = -4
# The ends of an interval that are this many times apart have no digit in common.
WIDE = 4.0
# From this half width on, as a part of the value, the ends of an interval are written.
SKEWED = 0.25
# Nobody cares how much further apart two things would have to be than a hundred times.
FACTOR_MOST = 99.0
# Units of time and how many µs they have, the largest first.
TIME_UNITS = ((1e6, "s"), (1e3, "ms"), (1.0, "µs"))


def number(value: float, half_width: float | None = None) -> str:
    """Round to the digit in which the interval's half width starts, and group thousands.

    With a half width of 300, 41,234 is 41,200; where it starts with a 1, one digit more is kept.
    """
    if not value or not math.isfinite(value):
        return f"{value:g}"
    if half_width:
        return rounded(value, place(max(half_width, FINEST * abs(value))))
    return rounded(value, math.floor(math.log10(abs(value))) - DIGITS_WITHOUT_INTERVAL + 1)


def estimate(value: Estimate, unit: str = "") -> str:
    """Return `41,200 ± 300 /s`; the half width is left out where there is no interval.

    From a quarter of the value on the ends are written, `12,000 to 49,000 /s`: an interval on
    logarithms is not as far to either side, and ± would say that it is.
    """
    half = (value.relative_half_width or 0) * value.value
    tail = f" {unit}" if unit else ""
    if not half:
        return number(value.value) + tail
    if half > SKEWED * value.value and value.low is not None and value.high is not None:
        return f"{digits(value.low, 2)} to {digits(value.high, 2)}{tail}"
    half = max(half, FINEST * value.value)
    return f"{number(value.value, half)} ± {rounded(half, place(half))}{tail}"


def digits(value: float, many: int) -> str:
    """Return a number with so many digits: `7.0`, `13`, `120`; nothing is `0`."""
    if not value:
        return "0"
    return rounded(value, math.floor(math.log10(value)) - many + 1)


def place(half_width: float) -> int:
    """Return the power of ten of the last digit that a half width supports."""
    power = math.floor(math.log10(half_width))
    return power - 1 if round(half_width / 10**power, 1) < 2 else power


def rounded(value: float, power: int) -> str:
    """Round to a power of ten, and group thousands."""
    return f"{round(value, -power):,.{max(0, -power)}f}"


def scale(value: float, largest: float | None = None) -> str:
    """Return a number at a tick of an axis: `25`, `950`, `40k`, `1.5M`.

    largest: the end of the axis, after which all of its ticks are written
    """
    for limit, divisor, suffix in ((1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if value and abs(value if largest is None else largest) >= limit:
            return f"{value / divisor:g}{suffix}"
    return f"{value:,g}"


def difference(size: float) -> str:
    """Return a difference with two digits: `2.4%`, `31%`; `a factor of 13`."""
    if size >= 1:
        beyond = "more than " if size > FACTOR_MOST else ""
        return f"{beyond}a factor of {digits(1 + min(size, FACTOR_MOST), 2)}"
    return f"{size:.0%}" if size >= 0.095 else f"{size:.1%}"


def duration(time_us: float) -> str:
    """Return a time in the unit that reads best: `87.0 µs`, `1.24 ms`, `2.10 s`."""
    divisor, unit = time_unit(time_us)
    return f"{number(time_us / divisor)} {unit}"


def interval(time_us: Estimate) -> str:
    """Return a time with its half width, in the unit that reads best: `1.24 ± 0.02 ms`."""
    divisor, unit = time_unit(time_us.value)
    low, high = (None if end is None else end / divisor for end in (time_us.low, time_us.high))
    return estimate(Estimate(time_us.value / divisor, low, high), unit)


def spanned(time_us: Estimate) -> str:
    """Return a time with the ends of its interval in one unit: `45.0 µs (38.0 to 60.0)`."""
    divisor, unit = time_unit(time_us.value)
    if time_us.low is None or time_us.high is None:
        return duration(time_us.value)
    low, high = (number(end / divisor) for end in (time_us.low, time_us.high))
    return f"{number(time_us.value / divisor)} {unit} ({low} to {high})"


def tick(time_us: float) -> str:
    """Return a time at a tick of an axis, where the round number says how exact it is."""
    divisor, unit = time_unit(time_us)
    return f"{time_us / divisor:g} {unit}"


def clock(time_s: float) -> str:
    """Return a span as minutes and seconds: `4:07`."""
    minutes, seconds = divmod(round(time_s), 60)
    return f"{minutes}:{seconds:02}"


def time_unit(time_us: float) -> tuple[float, str]:
    """Return the µs of the unit in which a time reads best, and its name."""
    return next(unit for unit in TIME_UNITS if abs(time_us) >= unit[0] or unit is TIME_UNITS[-1])


def shortened(name: str, at_most: int = 26) -> str:
    """Return a name for a narrow place; the middle of a long one is left out."""
    if len(name) <= at_most:
        return name
    tail = (at_most - 1) // 2
    return f"{name[: at_most - 1 - tail]}…{name[-tail:]}"


def count(amount: int, one: str, many: str) -> str:
    """Return `1 trial`, `5 trials`."""
    return f"{amount:,} {one if amount == 1 else many}"


def times(ratio: Estimate) -> str:
    """Return `1.47 times (1.45 to 1.49)`, with the interval if there is one."""
    return ranged(ratio, " times")


def ratio(value: Estimate) -> str:
    """Return a ratio without its interval, two decimals, and two digits at least: `0.94`."""
    return rounded(value.value, min(-2, math.floor(math.log10(value.value)) - 1))


def ranged(ratio: Estimate, unit: str = "", *, sided: bool = False) -> str:
    """Return `1.47 (1.45 to 1.49)`, with the interval if there is one.

    Where it is so wide that one digit would be too many, each part has two of its own.
    sided: let no end be rounded to 1 that is not: on which side it is, is what is told
    """
    if ratio.low is None or ratio.high is None or ratio.low == ratio.high:
        return f"{number(ratio.value)}{unit}"
    if ratio.high > WIDE * ratio.low:
        value, low, high = (digits(part, 2) for part in (ratio.value, ratio.low, ratio.high))
        return f"{value}{unit} ({low} to {high})"
    power = place(max((ratio.high - ratio.low) / 2, FINEST * ratio.value))
    while (
        sided
        and power > FINEST_PLACE
        and any(round(end, -power) == 1 != end for end in (ratio.low, ratio.high))
    ):
        power -= 1
    value, low, high = (rounded(part, power) for part in (ratio.value, ratio.low, ratio.high))
    return f"{value}{unit} ({low} to {high})"


def printable(text: str, at_most: int = 300) -> str:
    """Return a text of others on one line: nothing in it can speak to a terminal."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return shown if len(shown) <= at_most else f"{shown[:at_most]}…"


def harmless(text: str) -> str:
    """Return a text of others for a page or a terminal: what speaks to either is a �."""
    return HARMFUL.sub("\ufffd", text)


def listing(names: list[str], at_most: int = 4) -> str:
    """Return `a, b and c`; past `at_most` names, `a, b, c and 9 more`."""
    if len(names) > at_most:
        names = [*names[: at_most - 1], f"{len(names) - at_most + 1} more"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
