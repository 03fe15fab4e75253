"""Times of a command line."""

import pytest
import typer

from loadgen.seconds import seconds


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2", 2.0),
        (5.0, 5.0),
        ("0.5", 0.5),
        (".5s", 0.5),
        ("500ms", 0.5),
        ("250us", 250e-6),
        ("10m", 600.0),
        ("1.5 h", 5400.0),
        ("1e1", 10.0),
        ("-1", -1.0),
    ],
)
def test_a_time_is_read_with_its_unit_or_in_seconds(written: str | float, expected: float) -> None:
    assert seconds(written) == pytest.approx(expected)


@pytest.mark.parametrize(
    "written", ["", "long", "nan", "inf", "1d", "5 5", "1_000", "٣", "2S", "s"]
)
def test_what_is_no_time_is_refused_with_what_is_one(written: str) -> None:
    with pytest.raises(typer.BadParameter, match=r"is no time; write seconds, or a time such as"):
        seconds(written)
