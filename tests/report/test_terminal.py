"""What a run says at its end on a terminal: the count of verdicts, reasons and remedies."""

import io
from dataclasses import replace

from rich.console import Console

from bench.model.trial import Cell, Workload
from bench.report.terminal import verdicts
from bench.verdicts.verdict import Name, Verdict
from loadgen.plan import Load

ONE = Workload("kept-1", "tcp", Load(connections=1))
MANY = Workload("kept-50", "tcp", Load(connections=50))
VALID = Verdict(Name.VALID, "Nothing speaks against these figures")
STARVED = Verdict(Name.STARVED, "49 of 50 connections had no reply", "Use fewer connections.")


def said(judged: dict[Cell, Verdict]) -> list[str]:
    console = Console(file=io.StringIO(), width=100)
    console.print(verdicts.summary(judged))
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_a_sound_run_takes_one_line() -> None:
    assert said({Cell("a", ONE): VALID, Cell("b", ONE): VALID}) == ["verdicts: 2 valid"]


def test_a_doubtful_cell_comes_with_reason_and_remedy() -> None:
    assert said({Cell("a", ONE): VALID, Cell("a", MANY): STARVED}) == [
        "verdicts: 1 valid, 1 starved",
        "starved: Use fewer connections.",
        "  a in kept-50: 49 of 50 connections had no reply",
    ]


def test_workloads_that_share_a_reason_share_a_line() -> None:
    lines = said({Cell("a", ONE): STARVED, Cell("a", MANY): STARVED})
    assert lines[-1] == "  49 of 50 connections had no reply"


def test_servers_that_share_a_reason_share_a_line() -> None:
    judged = {Cell("a", ONE): STARVED, Cell("b", ONE): STARVED, Cell("c", MANY): STARVED}
    judged |= {Cell("d", MANY): VALID}
    assert said(judged)[-1] == (
        "  a and b in kept-1; c in kept-50: 49 of 50 connections had no reply"
    )


def test_reasons_that_differ_in_their_numbers_are_one() -> None:
    noisy = {
        Cell(f"s{at}", MANY): Verdict(
            Name.NOISY, f"Others used {share}% of the CPU time of both sides (limit 10%)", "Wait."
        )
        for at, share in enumerate((82, 92, 85))
    }
    assert said(noisy) == [
        "verdicts: 3 noisy",
        "noisy, all 3: Wait.",
        "  others used 82 to 92% of the CPU time of both sides (limit 10%)",
    ]
    assert said(noisy | {Cell("other", MANY): VALID})[-1].startswith("  s0, s1 and s2 in kept-50: ")


def test_many_reasons_are_cut_short() -> None:
    judged = {
        Cell(f"server-{number}", MANY): replace(STARVED, reason=f"{'x' * number} connections")
        for number in range(40)
    }
    lines = said(judged)
    assert len(lines) == 2 + verdicts.REASONS_MOST + 1
    assert lines[-1] == f"  and {40 - verdicts.REASONS_MOST} more, in the report"


def test_verdicts_are_told_in_the_order_of_their_checks() -> None:
    judged = {
        Cell("a", ONE): Verdict(Name.NOT_MEASURED, "The run ended"),
        Cell("b", ONE): Verdict(Name.NOISY, "Others used 30 %"),
        Cell("c", ONE): Verdict(Name.FAILED, "It ended with status 1"),
    }
    assert said(judged)[0] == "verdicts: 1 failed, 1 noisy, 1 not measured"
