"""A column of figures, rounded alike: to the digit that its intervals support, row under row."""

import math
import statistics
from collections.abc import Iterable, Sequence

from bench.base import wording
from bench.base.estimate import Estimate

# Of a figure without an interval.
DIGITS = 3
# A row keeps two digits, however coarse the others are: 0.31 µs beside 1,200 µs is not 0.
DIGITS_LEAST = 2


def column(values: Sequence[Estimate | None], unit: str = "", *, bare: bool = False) -> list[str]:
    """Return the texts of a column, empty where there is no value.

    Each is `41,200 ± 300`, or `0.7 to 34` where the interval is wide; all end at one decimal, the
    middle one of those that their own intervals would end at. bare: the values alone, so rounded.
    """
    place = _shared(value for value in values if value is not None)
    tail = f" {unit}" if unit else ""
    return ["" if value is None else _at(value, place, bare) + tail for value in values]


def times(times_us: Sequence[Estimate | None], *, bare: bool = False) -> list[str]:
    """Return the texts of a column of times in µs, each in the unit that reads best.

    Those of one unit are rounded alike; bare as in `column`.
    """
    texts = [""] * len(times_us)
    for divisor, unit in wording.TIME_UNITS:
        rows = [
            (row, value)
            for row, value in enumerate(times_us)
            if value is not None and wording.time_unit(value.value)[1] == unit
        ]
        shown = column([_scaled(value, divisor) for _, value in rows], unit, bare=bare)
        for (row, _), text in zip(rows, shown, strict=True):
            texts[row] = text
    return texts


def numbers(values: Sequence[float | None], decimals: int) -> list[str]:
    """Return figures with so many decimals: of those whose interval says nothing of their digits.

    A small one keeps two digits: 0.29 MiB is not 0.3.
    """
    return ["" if value is None else _plain(value, -decimals) for value in values]


def _scaled(value: Estimate, divisor: float) -> Estimate:
    ends = (None if end is None else end / divisor for end in (value.low, value.high))
    return Estimate(value.value / divisor, *ends)


def _shared(values: Iterable[Estimate]) -> int:
    """Return the power of ten that a column ends at."""
    places = [_own(value) for value in values if value.value and math.isfinite(value.value)]
    return statistics.median_low(places) if places else 0


def _own(value: Estimate) -> int:
    """Return the power of ten that a figure would end at alone."""
    half = value.half_width
    if half:
        return wording.place(max(half, wording.FINEST * abs(value.value)))
    return _last(value.value, DIGITS)


def _last(value: float, many: int) -> int:
    """Return the power of ten of the last of so many digits."""
    return math.floor(math.log10(abs(value))) - many + 1


def _at(value: Estimate, place: int, bare: bool) -> str:
    if bare or value.low is None or value.high is None or value.low == value.high:
        return _plain(value.value, place)
    half = (value.relative_half_width or 0) * value.value
    if half > wording.SKEWED * abs(value.value):
        return f"{_plain(value.low, place)} to {_plain(value.high, place)}"
    ends = min(place, _last(value.value, DIGITS_LEAST))
    # A half width that vanishes would say that the figure is exact.
    ends = ends if half >= 10.0**ends / 2 else _last(half, 1)
    return f"{wording.rounded(value.value, ends)} ± {wording.rounded(half, ends)}"


def _plain(value: float, place: int) -> str:
    if not value or not math.isfinite(value):
        return f"{value:g}"
    return wording.rounded(value, min(place, _last(value, DIGITS_LEAST)))
