"""What a proof says, fed what would make each sentence wrong."""

import dataclasses
import json
from typing import Any

import pytest

from bench.proving.decision import Decision, Finding
from bench.proving.profile.result import Profile, SideProfile
from bench.proving.proof import End, Participant, Proof
from bench.report.proof import document, words
from tests.support.markdown import tables

A = Participant(
    "main@1a2b3c4:mine", "mine.py", "CPython 3.13.1", {"uvloop": "0.21.0"}, "main", "1a2b3c4d5e6f7a"
)
B = Participant(
    "HEAD@9f8e7d6:mine", "mine.py", "CPython 3.12.4", {"uvloop": "0.22.1"}, "HEAD", "9f8e7d6c5b4a39"
)


def finding(figure: str, decision: Decision, **changed: Any) -> Finding:
    low, high = {"tied": (0.99, 1.01)}.get(decision, (1.04, 1.12))
    sound: dict[str, Any] = {
        "workload": "kept",
        "ratio": (low * high) ** 0.5,
        "ratio_lo": low,
        "ratio_hi": high,
        "a": 40_000.0 if figure == "throughput" else 1_250.0,
        "b": 43_000.0 if figure == "throughput" else 1_100.0,
        "unit": "/s" if figure == "throughput" else "µs",
        "blocks": 12,
        "detectable": 0.14,
        "more_blocks": 61,
    }
    return Finding(figure=figure, decision=decision, **(sound | changed))


def proof(*findings: Finding, **changed: Any) -> Proof:
    sound: dict[str, Any] = {
        "run": "20260105-100000-ab",
        "command": ("bench", "ab", "main", "HEAD", "--build", "pip install ."),
        "a": A,
        "b": B,
        "margin": 0.03,
        "level": 0.95,
        "blocks": 12,
        "looks": 8,
        "end": End.DECIDED,
        "time_s": 300.0,
        "findings": findings,
    }
    return Proof(**(sound | changed))


ALL = (
    finding("throughput", Decision.FASTER),
    finding("p50", Decision.TIED),
    finding("p99", Decision.NOT_SHOWN),
    finding("cpu", Decision.DEARER),
)


def test_each_decision_has_its_place_in_the_sentence() -> None:
    assert words.sentence(ALL, 0.03) == (
        "In kept, B is faster in throughput (1.08 times, 1.04 to 1.12); dearer in CPU per request "
        "(1.08 times, 1.04 to 1.12); tied with A, within 3 %, in p50; not shown to differ in p99 "
        "(a difference of 14 % would have been, 3 % would take 61 more blocks)."
    )


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (1.003, 1.32, "1.151 (1.003 to 1.320)"),
        (0.9, 0.99996, "0.9487 (0.9000 to 1.0000)"),  # no better known than that
        (1.0, 1.2, "1.10 (1.00 to 1.20)"),
        (1.04, 1.12, "1.08 (1.04 to 1.12)"),
        # Who knows nothing need not know it to nine digits.
        (1e-9, 1e9, "1.0 (< 0.1 to > 10)"),
        (1.2, 30.0, "6.0 (1.2 to 30)"),
        (0.5, 300.0, "12 (0.50 to > 10)"),
    ],
)
def test_an_end_is_not_rounded_to_the_other_side(low: float, high: float, said: str) -> None:
    """Or it would say `faster` beside an interval that seems to hold 1."""
    told = finding("p50", Decision.SLOWER, ratio=(low * high) ** 0.5, ratio_lo=low, ratio_hi=high)
    assert words.ratio(told) == said


def test_nothing_is_said_of_a_decision_that_is_not_there() -> None:
    said = words.sentence([finding("cpu", Decision.CHEAPER)], 0.03)
    assert said == "In kept, B is cheaper in CPU per request (1.08 times, 1.04 to 1.12)."


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "a difference of 14 % would have been, 3 % would take 61 more blocks"),
        ({"more_blocks": 1}, "a difference of 14 % would have been, 3 % would take 1 more block"),
        # What so many blocks would have shown in most runs, and did not in this one.
        ({"more_blocks": 0, "detectable": 0.02}, "a difference of 2 % would have been"),
        ({"more_blocks": None}, "a difference of 14 % would have been"),
        ({"detectable": 2.4, "more_blocks": None}, "a difference of 3.4 times would have been"),
        (
            {"detectable": None, "more_blocks": None, "why": "too few blocks for an interval"},
            "too few blocks for an interval",
        ),
        (
            {"detectable": 1e9, "more_blocks": None},
            "a difference of more than 10 times would have been",
        ),
        ({"detectable": None, "more_blocks": None}, ""),
    ],
)
def test_what_is_not_shown_says_what_would_have_been(changed: dict[str, Any], said: str) -> None:
    assert words.needs(finding("p99", Decision.NOT_SHOWN, **changed)) == said


def test_what_cannot_be_compared_says_why_and_no_ratio() -> None:
    lacking = Finding("kept", "p99", Decision.NOT_COMPARABLE, "B is starved")
    assert words.sentence([lacking], 0.03) == "In kept, B is not comparable in p99 (B is starved)."
    assert (words.ratio(lacking), words.value(lacking, lacking.a)) == ("", "")
    assert words.explained(lacking, 0.03) == "not comparable: B is starved"


def test_a_reason_that_several_figures_share_is_told_once() -> None:
    lacking = [
        Finding("kept", name, Decision.NOT_COMPARABLE, "B is starved") for name in ("p50", "p99")
    ]
    said = words.sentence(lacking, 0.03)
    assert said == "In kept, B is not comparable in p50 and p99 (B is starved)."


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (End.DECIDED, "until it was decided;"),
        (End.TIME, "until the time was up (5:00 min);"),
        (End.INTERRUPTED, "until it was interrupted;"),
    ],
)
def test_the_end_is_the_one_that_it_had(end: End, said: str) -> None:
    assert said in words.ended(proof(*ALL, end=end))


def test_each_workload_has_a_sentence_of_its_own() -> None:
    other = dataclasses.replace(ALL[0], workload="churn", decision=Decision.SLOWER)
    said = words.paragraph(proof(*ALL, other))
    assert "In kept, B is faster in throughput" in said
    assert "In churn, B is slower in throughput" in said
    assert "workload" in tables(document.markdown(proof(*ALL, other)))[0][0]
    assert "workload" not in document.markdown(proof(*ALL))


def test_the_versions_are_those_of_each_server() -> None:
    pasted = document.markdown(proof(*ALL))
    assert "CPython 3.13.1, uvloop 0.21.0" in pasted
    assert "CPython 3.12.4, uvloop 0.22.1" in pasted
    assert "`bench ab main HEAD --build 'pip install .'`" in pasted
    foreign = Participant("mine", "./mine 80", None, {})
    assert words.ran_under(foreign) == "mine: the command ./mine 80"


def test_a_name_is_no_markup() -> None:
    hostile = dataclasses.replace(B, name="<script>|x")
    assert "<script>" not in document.html(proof(*ALL, b=hostile))
    assert "<script>" not in document.markdown(proof(*ALL, b=hostile))


def test_the_document_has_every_figure() -> None:
    plain = json.loads(document.document(proof(*ALL)))
    rate = plain["findings"][0]
    assert {"ratio", "ratio_lo", "ratio_hi", "decision"} <= set(rate)
    assert (rate["workload"], rate["figure"], rate["decision"]) == ("kept", "throughput", "faster")
    assert plain["decision"] is None


PROFILE = Profile(
    "kept",
    SideProfile({"main;read": 50, "main;write": 50}, {"recvfrom": 1.0, "brk": 0.001}),
    SideProfile({"main;read": 25, "main;write": 75}, {"recvfrom": 2.0}),
    "perf",
)


def test_the_cpu_time_of_a_function_is_its_part_of_what_was_measured() -> None:
    """B has a smaller part of a smaller time: A's 625 µs beside its own 275."""
    costly = finding("cpu", Decision.CHEAPER)
    pasted = document.markdown(proof(costly, profile=PROFILE))
    assert len(tables(pasted)) == 3
    assert "| `read` | 625.00 µs | 275.00 µs |" in pasted
    # The clock on the wall counts waits; a part of that is no CPU time.
    wall = dataclasses.replace(PROFILE, sampler="py-spy")
    assert "| `read` | 50% | 25% |" in document.markdown(proof(costly, profile=wall))
    # Nor is it where the CPU time was not measured.
    unknown = Finding("kept", "cpu", Decision.NOT_COMPARABLE, "B is starved")
    assert "| `read` | 50% | 25% |" in document.markdown(proof(unknown, profile=PROFILE))


def test_calls_of_the_start_are_none_of_a_request() -> None:
    assert list(document.calls(PROFILE)) == [("recvfrom", "1.00", "2.00")]


def test_what_could_not_be_had_is_said() -> None:
    none = Profile("kept", SideProfile(), SideProfile(), notes=("no CPU profile by py-spy: why",))
    page, pasted = (make(proof(*ALL, profile=none)) for make in (document.html, document.markdown))
    assert "no CPU profile by py-spy: why" in page
    assert "Note: no CPU profile by py-spy: why." in pasted
    assert "<svg" not in page
