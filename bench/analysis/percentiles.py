"""Percentile curves from the HDR histograms of trials, merged and never averaged."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from hdrh.histogram import HdrHistogram
from numpy.typing import NDArray

from bench.base import limits

# Points of a curve between the median's side and its end.
STEPS = 48

Floats = NDArray[np.float64]


def curve(encoded: Iterable[tuple[str, int]]) -> tuple[list[float], list[float]] | None:
    """Merge histograms and return the nines and the times in µs of their percentiles.

    The nines of a percentile q are -log10(1 - q): 1 is 90 %, 2 is 99 %. The curve ends where fewer
    than ten samples are beyond it.

    Args:
        encoded: pairs of an encoded histogram and how many nanoseconds its unit is.

    Returns:
        None if there are too few samples.
    """
    parts = [_recorded(text, unit_ns) for text, unit_ns in encoded if text]
    if not parts:
        return None
    times_us = np.concatenate([part[0] for part in parts])
    counts = np.concatenate([part[1] for part in parts])
    order = np.argsort(times_us, kind="stable")
    times_us, below = times_us[order], np.cumsum(counts[order])
    total = int(below[-1]) if below.size else 0
    if total < 2 * limits.SAMPLES_BEYOND:
        return None
    nines = np.linspace(0, math.log10(total / limits.SAMPLES_BEYOND), STEPS)
    ranks = np.maximum(1, np.ceil((1 - 10.0**-nines) * total))
    places = np.minimum(np.searchsorted(below, ranks), times_us.size - 1)
    return nines.tolist(), times_us[places].tolist()


def at(encoded: str, unit_ns: int, percentile: float) -> float | None:
    """Return the time in µs that so many percent of a histogram's samples stay within."""
    times_us, counts = _recorded(encoded, unit_ns)
    if not counts.size:
        return None
    order = np.argsort(times_us, kind="stable")
    below = np.cumsum(counts[order])
    place = int(np.searchsorted(below, math.ceil(percentile / 100 * int(below[-1]))))
    return float(times_us[order][min(place, times_us.size - 1)])


def beyond(encoded: str, unit_ns: int, limit_us: float) -> int:
    """Return how many of a histogram's samples took longer than a time."""
    times_us, counts = _recorded(encoded, unit_ns)
    return int(counts[times_us > limit_us].sum())


def _recorded(text: str, unit_ns: int) -> tuple[Floats, NDArray[np.int64]]:
    """Return the times in µs, at the upper end of their bucket, and the counts recorded."""
    histogram: Any = HdrHistogram.decode(text)
    counts = np.ctypeslib.as_array(histogram.counts).astype(np.int64)
    index = np.flatnonzero(counts)
    half = histogram.sub_bucket_half_count
    bucket = (index >> histogram.sub_bucket_half_count_magnitude) - 1
    place = (index & (half - 1)) + np.where(bucket < 0, 0, half)
    shift = np.maximum(bucket, 0) + histogram.unit_magnitude
    values = (place << shift) + (1 << shift) - 1
    return values * (unit_ns / 1000), counts[index]
