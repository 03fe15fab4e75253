"""What the numbers and names of a run can be: a folder is data from strangers."""

import base64
import binascii
import dataclasses
import datetime as dt
import math
import struct
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from hdrh.histogram import HdrHistogram

from bench.base import wording
from bench.model.calibration import Amount, Calibration, Look
from bench.model.cpus import Cpus
from bench.model.header import Config, Header, ServerEntry
from bench.model.trial import Cell, Status, Throttled, Trial, Usage, Workload
from loadgen.result import (
    Evidence,
    Perturbation,
    RequestClass,
    Result,
    Series,
    Times,
    Watched,
    Witness,
)
from servers.terms import TRANSPORTS

Bounds = tuple[float, float]

# Any number; what is counted, or takes time; a divisor.
ANY: Bounds = (-1e18, 1e18)
COUNT: Bounds = (0, 1e15)
POSITIVE: Bounds = (1e-6, 1e15)
SEED: Bounds = (0, 2.0**63)
POOL: Bounds = (1, 10_000)
# A run has 1,000,000 trials at most.
PLACE: Bounds = (0, 999_999)
# What a logarithm, a root or a division follows on is never below zero, or is above it. The CPU
# time of a trial can be, where counters went back: `bench/analysis/metrics.py` leaves it out.
RANGES: dict[type, dict[str, Bounds]] = {
    Header: {"seed": SEED, "looks": (1, 1e6), "order": PLACE},
    Config: {
        "duration_s": POSITIVE,
        "warmup_s": COUNT,
        "trials": (0, 1e6),
        "drain_s": COUNT,
        "until": COUNT,
        "budget_s": COUNT,
        "pool_size": POOL,
    },
    Cpus: {"server": PLACE, "generator": PLACE, "single": PLACE},
    Amount: {"us": POSITIVE, "count": COUNT, "took_us": POSITIVE, "at_end_us": POSITIVE},
    Look: {"throughput_rps": POSITIVE, "cpu_us": POSITIVE},
    Calibration: {"start_s": COUNT, "peaks_rps": COUNT, "rates_rps": COUNT},
    Workload: {"pool_size": POOL, "cpus": POOL},
    Trial: {"block": PLACE, "position": PLACE, "frequencies_mhz": COUNT},
    Usage: dict.fromkeys(
        ("span_s", "ctx_switches", "pss_bytes", "processes", "threads", "open_files", "resident"),
        COUNT,
    ),
    Throttled: dict.fromkeys(("periods", "throttled", "seconds"), COUNT),
    Witness: {"throughput_rps": COUNT, "window_s": POSITIVE, "wrong": COUNT, "processes": COUNT},
    Perturbation: {
        **dict.fromkeys(("throughput_rps", "slowed_rps", "processes"), COUNT),
        "extra_us": POSITIVE,
    },
    Watched: {"span_s": COUNT, "replies": COUNT},
    Times: dict.fromkeys(("p50", "p90", "p99", "p999", "max"), COUNT),
    Series: {"step_s": POSITIVE, "replies": COUNT, "p50_us": COUNT, "p99_us": COUNT},
    RequestClass: dict.fromkeys(("samples", "throughput_rps"), COUNT),
    Result: {
        **dict.fromkeys(("samples", "throughput_rps", "achieved_rps", "connections"), COUNT),
        **dict.fromkeys(("connections_without_reply", "censored", "mismatches", "errors"), COUNT),
        **dict.fromkeys(("effective_concurrency", "offered_rps", "due", "unsent"), COUNT),
        **dict.fromkeys(("sent_late", "not_connected", "stalled", "sent", "received"), COUNT),
        **dict.fromkeys(("lost", "duplicated", "reordered", "late"), COUNT),
        "replies_per_connection": COUNT,
        "window_s": POSITIVE,
        "hdr_unit_ns": (1, 1e9),
        "fairness_jain": (0, 1.001),
    },
}
# What stands in tables, charts and file names.
NAMES: dict[type, tuple[str, ...]] = {
    Header: ("run_id",),
    ServerEntry: ("name", "family"),
    Cell: ("server",),
    Workload: ("name",),
}
NAME_MOST = 1000
# More than any suite may ask for, with room for blocks that were added.
SERVERS_MOST, CELLS_MOST, TRIALS_MOST = 1000, 1_000_000, 3_000_000
# An encoded histogram, and what comes of it: a byte or two for each of its 25,000 buckets, of
# which the runs of results/reference use 6 KB; and a head of 40 bytes (hdrh/codec.py).
ENCODED_MOST, DECODED_MOST, HEAD_BYTES = 512 * 1024, 512 * 1024, 40
COOKIE = 0x1C849304  # of a compressed histogram, format V2, without its word size
SAMPLES_MOST = 2**53
DIGITS = 3


def check(value: Any, where: str = "", bounds: Bounds = ANY) -> None:
    """Refuse a number out of its range and a name that cannot be shown; raises ValueError."""
    if isinstance(value, bool | str) or value is None:
        return
    if isinstance(value, int | float):
        if not (math.isfinite(value) and bounds[0] <= value <= bounds[1]):
            raise ValueError(f"{where} is {value:.6g}, out of range")
    elif isinstance(value, Mapping):
        for name, each in value.items():
            check(each, f"{where}.{wording.printable(str(name), 40)}", bounds)
    elif isinstance(value, Iterable):
        for each in value:
            check(each, where, bounds)
    elif dataclasses.is_dataclass(value):
        _fields(value, f"{where}." if where else "")


def _fields(value: Any, where: str) -> None:
    kind = type(value)
    ranges = RANGES.get(kind, {})
    if kind is Evidence:
        return
    for field in dataclasses.fields(kind):
        check(getattr(value, field.name), where + field.name, ranges.get(field.name, ANY))
    for name in NAMES.get(kind, ()):
        check_name(getattr(value, name), where + name)
    if isinstance(value, Workload) and value.transport not in TRANSPORTS:
        raise ValueError(f"{where}transport is none of {', '.join(TRANSPORTS)}")


def check_name(name: str, where: str) -> None:
    """Refuse a name that is endless or not printable; raises ValueError."""
    if not (name.isprintable() and len(name) <= NAME_MOST):
        raise ValueError(f"{where} is no name: {wording.printable(name, 40)!r}")


def header(value: Header) -> None:
    """Refuse a header that makes no sense; raises ValueError."""
    check(value)
    config, cells = value.config, value.cells
    many = max(len(cells), len(config.servers) * len(config.workloads))
    if len(config.servers) > SERVERS_MOST or many > CELLS_MOST:
        raise ValueError(f"it lists {many:,} cells, or more than {SERVERS_MOST:,} servers")
    if config.trials * many > TRIALS_MOST:
        raise ValueError(f"it plans {config.trials * many:,} trials")
    if len(set(cells)) < len(cells):
        raise ValueError("it lists a cell twice")
    if cells and max(map(max, filter(None, value.order)), default=0) >= len(cells):
        raise ValueError("its order names a cell that it does not list")


def trial(value: Trial) -> tuple[object, ...]:
    """Refuse a trial that makes no sense; return what its histograms are made like.

    Raises:
        ValueError: saying what is wrong with it
    """
    check(value)
    year = dt.datetime.fromisoformat(value.started_at).year
    if not 1970 <= year < 9000:
        raise ValueError(f"started_at is in the year {year}")
    if any(not each for each in (value.frequencies_mhz or {}).values()):
        raise ValueError("frequencies_mhz has an empty list")
    result = value.result
    if result is None:
        if value.status is Status.MEASURED:
            raise ValueError("it was measured and has no result")
        return ()
    classes = (each for each in (result.light, result.heavy) if each is not None)
    texts = (result.response_hdr, result.service_hdr, *(each.response_hdr for each in classes))
    made = (histogram(text) for text in texts if text)
    return tuple(dict.fromkeys(made))


def histogram(text: str) -> tuple[int, int, int]:
    """Return the least and the largest value of an encoded histogram, and its digits.

    Raises:
        ValueError: it is none, or would come to more than one of ours can
    """
    try:
        if len(text) > ENCODED_MOST:
            raise ValueError("too long")
        data = base64.b64decode(text, validate=True)
        cookie, length = struct.unpack_from(">II", data)
        stream = zlib.decompressobj()
        payload = stream.decompress(data[8:], DECODED_MOST)
        if cookie & ~0xF0 != COOKIE & ~0xF0 or length != len(data) - 8 or not stream.eof:
            raise ValueError("not whole, or too long")
        _, size, _, digits, low, high, _ = struct.unpack_from(">IiiiqqQ", payload)
        if size != len(payload) - HEAD_BYTES or digits != DIGITS or not 1 <= low < high < 2**62:
            raise ValueError("of another kind")
        if not 0 <= int(HdrHistogram.decode(text).get_total_count()) < SAMPLES_MOST:
            raise ValueError("of too many samples")
    except (ValueError, struct.error, zlib.error, binascii.Error, IndexError, OverflowError) as why:
        raise ValueError(f"it has a histogram that cannot be read: {why}") from None
    except Exception as why:  # what the library raises has no base of its own
        raise ValueError(f"it has a histogram that cannot be read: {type(why).__name__}") from None
    return low, high, digits
