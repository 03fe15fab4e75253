"""What a demonstration draws: one scale for both sides, and letters that a terminal has."""

import dataclasses
import io

from rich.console import Console

from bench.teaching import screen
from bench.teaching.standing import STEPS_PLAIN, Standing, columns, line
from loadgen.result import Series
from tests.support import synthetic

HEAD = "50 connections"


def side(name: str, *replies: int) -> Standing:
    seen = synthetic.result(series=Series(0.1, replies), connections_without_reply=3)
    return Standing(name, f"What {name} is", (synthetic.trial(seen, server=name),))


def drawn(width: int, *sides: Standing, encoding: str = "utf-8") -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="replace")
    console = Console(file=file, width=width, markup=False)
    console.print(screen.picture(sides, HEAD, width, screen.letters(console)))
    file.seek(0)
    return file.read()


def test_columns_reach_from_nothing_to_the_top() -> None:
    assert columns([0, 50, 100], 100, 9, 1) == [" ▄█"]
    assert columns([0, 50, 100], 100, 9, 2) == ["  █", " ██"]
    assert columns([0, 1, 100], 100, 9, 2) == ["  █", " ▁█"]  # little is not nothing
    assert columns([25, 100], 100, 1, 1) == ["█"]  # the last that there is room for
    assert columns([0, 0], 0, 9, 2) == ["", ""]
    assert columns([100], 50, 9, 1) == ["█"]
    assert columns([0, 50, 100], 100, 9, 1, STEPS_PLAIN) == [" -#"]


def test_both_sides_have_one_scale_and_stand_beside_each_other() -> None:
    text = drawn(100, side("fast", 1000, 1000), side("slow", 100, 100))
    assert text.splitlines()[0].strip() == HEAD
    (names,) = [each for each in text.splitlines() if "fast ─" in each]
    assert "slow ─" in names
    assert text.count("0 to 10,000/s") == 2
    (lowest,) = [each for each in text.splitlines() if "██" in each and "▄▄" in each]
    assert lowest.index("█") < lowest.index("▄")


def test_a_narrow_terminal_has_one_below_the_other() -> None:
    lines = drawn(60, side("fast", 1000), side("slow", 100)).splitlines()
    assert all(len(each) <= 60 for each in lines)
    assert not [each for each in lines if "fast ─" in each and "slow ─" in each]


def test_a_terminal_without_such_letters_has_others() -> None:
    text = drawn(100, side("fast", 1000), side("slow", 100), encoding="ascii")
    assert "####" not in text
    assert "| #" in text
    assert "+- fast -" in text


def test_who_was_answered_is_told_of_all() -> None:
    assert dict(side("one", 10).rows)["clients"] == "47 of 50 answered"
    nothing = Standing("one", "")
    assert {value for _, value in nothing.rows} == {"-"}
    assert "-" in drawn(100, nothing, nothing)


def test_figures_are_those_of_all_turns_and_a_line_is_that_of_the_last() -> None:
    paces = (10_000.0, 40_000.0)
    trials = tuple(
        synthetic.trial(synthetic.result(throughput_rps=pace), server="one", block=block)
        for block, pace in enumerate(paces)
    )
    both = Standing("one", "", trials)
    assert dict(both.rows)["requests/s"] == "20,000"  # as reports have it: the geometric mean
    assert line(both).startswith("one: 40,000 requests/s, p50 1.20 ms, p99 1.80 ms, 50 of 50 ")


def test_trouble_is_told_in_a_line() -> None:
    failed = dataclasses.replace(synthetic.unready("one"), reason="it ended: no module\nTraceback")
    broken = Standing("one", "", (failed,))
    assert line(broken) == "one: it ended: no module"
    assert "it ended: no module" in drawn(100, broken, side("two", 5))
    assert "Traceback" not in drawn(100, broken, side("two", 5))
