"""What a search is said to have found, under data of which less would be wrong."""

import csv
import dataclasses
import io
from pathlib import Path

import pytest

from bench.capacity.finding import Capacity, End
from bench.capacity.search import Bound
from bench.report.capacity import document, words
from tests.support import synthetic
from tests.support.markdown import tables

KNOWN = Capacity(
    *("one", "kept", "p99 < 5 ms", 770.0, 750.0, 792.0, Bound.NONE, "p99 < 5 ms", 25),
    *(1000.0, False, End.NARROW),
    ratio=1.0,
)


def _other(**changed: object) -> Capacity:
    apart = {"server": "other", "capacity_rps": 500.0, "capacity_lo": 480.0, "capacity_hi": 520.0}
    beside = {"ratio": 0.65, "ratio_lo": 0.6, "ratio_hi": 0.7, "state": "apart"}
    return dataclasses.replace(KNOWN, **(apart | beside | changed))  # type: ignore[arg-type]


def _bound(bound: Bound, **changed: object) -> Capacity:
    open_ends = {"capacity_lo": None, "capacity_hi": None, "ratio": None, "binding": ""}
    return _other(bound=bound, state="not comparable", **(open_ends | changed))


def _told(*rows: Capacity) -> str:
    return " ".join(words.paragraph(rows))


def test_who_carries_most_is_told_where_nobody_may_carry_more() -> None:
    told = _told(KNOWN, _other())
    assert told.startswith("one carries most: 770 (750 to 790) requests/s within p99 < 5 ms.")
    assert "what can be promised is 77% of that" in told
    assert "tied" not in told
    assert "other is tied with it." in _told(KNOWN, _other(state="tied"))


def test_a_bound_leaves_open_who_carries_most() -> None:
    told = _told(KNOWN, _bound(Bound.AT_LEAST, why="the generator did not keep up at 600/s"))
    assert "carries most" not in told
    assert "Whether other can do more is not known." in told
    assert "other carries at least 500 requests/s: the generator did not keep up at 600/s." in told


def test_a_limit_that_nobody_keeps_names_no_winner() -> None:
    told = _told(_bound(Bound.BELOW, why="not even at 500/s"))
    assert told == "other keeps p99 < 5 ms at no rate that was tried, not even at 500/s."
    assert _told(_bound(Bound.UNKNOWN, capacity_rps=None, why="no uvloop")) == (
        "Nothing is known of other: no uvloop."
    )


def test_one_limit_needs_no_column() -> None:
    several = dataclasses.replace(KNOWN, slo="p99 < 5 ms; p50 < 1 ms")
    assert "limit reached" in document.titles([several]).values()
    assert "limit reached" not in document.titles([KNOWN, _other()]).values()


def test_more_than_the_peak_promises_no_part_of_it() -> None:
    assert "promised" not in _told(dataclasses.replace(KNOWN, peak_rps=700.0))


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (End.TIME, "The time was up before one was known"),
        (End.INTERRUPTED, "It was interrupted before"),
    ],
)
def test_an_early_end_is_said(end: End, told: str) -> None:
    row = dataclasses.replace(KNOWN, end=end, capacity_lo=None)
    assert told in _told(row)
    assert words.rate(row) == "770 (no interval)"


@pytest.mark.parametrize(
    ("row", "shown", "beside"),
    [
        (KNOWN, "770 (750 to 790)", "1.00"),
        (_other(state="tied"), "500 (480 to 520)", "≈ 0.65"),
        (_bound(Bound.AT_LEAST), "≥ 500", "?"),
        (_bound(Bound.BELOW), "< 500", "?"),
    ],
)
def test_a_row_of_the_table(row: Capacity, shown: str, beside: str) -> None:
    texts = document.row(row)
    assert texts["capacity"] == shown
    assert texts["ratio"].startswith(beside)


def test_the_columns_of_the_file() -> None:
    rows = list(csv.DictReader(io.StringIO(document.to_csv([KNOWN, _bound(Bound.AT_LEAST)]))))
    assert list(rows[0])[:10] == [
        *("server", "workload", "slo", "capacity_rps", "capacity_lo", "capacity_hi", "bound"),
        *("binding", "trials", "peak_rps"),
    ]
    assert rows[0]["capacity_rps"] == "770"
    assert (rows[1]["bound"], rows[1]["capacity_lo"]) == ("at least", "")


def test_a_disturbed_search_says_so_and_names_nobody_as_best() -> None:
    told = _told(dataclasses.replace(KNOWN, disturbed=13), _other())
    assert "carries most" not in told
    assert "Most trials of one were disturbed (others used the machine in 13 of 25 trials)" in told
    assert words.note(dataclasses.replace(KNOWN, disturbed=13)).startswith(
        "others used the machine"
    )
    few = dataclasses.replace(KNOWN, disturbed=12)
    assert "disturbed" not in _told(few, _other())
    assert words.note(few) == ""


@pytest.mark.parametrize("rows", [[KNOWN], [KNOWN, _other(workload="churn")]])
def test_the_markdown_has_a_table(rows: list[Capacity], tmp_path: Path) -> None:
    run = synthetic.run(tmp_path, synthetic.EIGHT[:1], blocks=1)
    (table,) = tables(document.markdown(run, rows))
    assert table[0][-4:] == ["peak", "of peak", "trials", ""]
    assert len(table) == 1 + len(rows)
