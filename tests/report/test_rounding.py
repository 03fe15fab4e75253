"""A column is rounded as one: no row finer than its neighbours, none without its digits."""

from bench.base.estimate import Estimate
from bench.report.view import rounding


def test_rows_of_a_column_end_at_one_decimal() -> None:
    values = [Estimate(7.31, 6.2, 8.4), Estimate(13.43, 10.6, 16.2), Estimate(10.44, 8.5, 12.4)]
    assert rounding.column(values) == ["7.3 ± 1.1", "13 ± 3", "10 ± 2"]
    rates = [Estimate(252_000, 251_000, 253_000), Estimate(250_310, 220_000, 281_000)]
    assert rounding.column(rates) == ["252,000 ± 1,000", "250,300 ± 30,500"]


def test_a_wide_interval_is_written_by_its_ends() -> None:
    assert (
        rounding.column([Estimate(5, 0.68, 33.5), Estimate(7, 6, 8)], "ms")[0] == "0.68 to 33.5 ms"
    )


def test_a_small_figure_keeps_its_digits_beside_large_ones() -> None:
    values = [Estimate(1200, 1000, 1400), Estimate(0.31, 0.306, 0.314), Estimate(900, 800, 1000)]
    assert rounding.column(values)[1] == "0.310 ± 0.004"
    assert rounding.numbers([0.288, 7.527, None, 15.72], 1) == ["0.29", "7.5", "", "15.7"]


def test_times_of_one_unit_are_rounded_alike() -> None:
    times = [Estimate(632_314.0), Estimate(42.31, 40, 44), None, Estimate(8.12, 7.2, 9.1)]
    assert rounding.times(times) == ["632 ms", "42.3 ± 2.0 µs", "", "8.1 ± 0.9 µs"]
    assert rounding.times(times, bare=True) == ["632 ms", "42.3 µs", "", "8.1 µs"]


def test_nothing_and_no_figure_are_written_as_such() -> None:
    assert rounding.column([]) == []
    assert rounding.column([None, Estimate(0.0)]) == ["", "0"]
