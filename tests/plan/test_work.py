"""The axis of work: what users write, what is refused, and who cannot be asked."""

import dataclasses

import pytest

from bench.model.server import Command, ServerSpec
from bench.model.trial import Workload
from bench.model.work import Work
from bench.plan import suite_file, workloads
from bench.plan.workloads import unsuited
from loadgen.plan import PlanError
from servers.discovery import discover


def points(**axes: object) -> list[Workload]:
    listed = {axis: value if isinstance(value, list) else [value] for axis, value in axes.items()}
    return workloads.workloads({"kept": listed})


@pytest.mark.parametrize(
    ("text", "work", "written"),
    [
        ("none", None, None),
        ("spin:100us", Work("spin", 100), "spin:100us"),
        ("spin:100µs", Work("spin", 100), "spin:100us"),
        ("release:1500us", Work("release", 1500), "release:1.5ms"),
        ("wait:0.5s", Work("wait", 500_000), "wait:500ms"),
        ("spin:10ms@1%", Work("spin", 10_000, 0.01), "spin:10ms@1%"),
        ("spin:10ms@0.005", Work("spin", 10_000, 0.005), "spin:10ms@0.5%"),
        ("wait:1s@100%", Work("wait", 1_000_000), "wait:1s"),
    ],
)
def test_a_point_is_read_and_written(text: str, work: Work | None, written: str | None) -> None:
    assert Work.parse(text) == work
    if work is not None:
        assert str(work) == written
        assert Work.parse(str(work)) == work


BAD = {
    "unknown kind": {"work": "sleep:5ms"},
    "no unit": {"work": "spin:100"},
    "no time": {"work": "spin"},
    "empty": {"work": ""},
    "zero": {"work": "spin:0us"},
    "negative": {"work": "spin:-5us"},
    "an hour": {"work": "wait:3600s"},
    "not a number": {"work": "spin:nanus"},
    "share of nothing": {"work": "spin:1ms@0"},
    "share of 101 %": {"work": "spin:1ms@101%"},
    "no share": {"work": "spin:1ms@"},
    "share that is none": {"work": "spin:1ms@x%"},
    "a payload of a byte": {"work": "spin:1ms@1%", "payload": 1},
    "a payload beyond a chunk": {"work": "spin:1ms", "payload": 65_537},
    "datagrams": {"work": "spin:1ms", "transport": "udp"},
    "pipelining": {"work": "spin:1ms", "depth": 2},
    "unknown hog": {"hog": "wait"},
    "no interval": {"switch_interval": "fast"},
    "an interval of nothing": {"switch_interval": "0ms"},
    "an interval of an hour": {"switch_interval": "3600s"},
}


@pytest.mark.parametrize("axes", BAD.values(), ids=BAD)
def test_what_cannot_be_had_is_one_line(axes: dict[str, object]) -> None:
    with pytest.raises(PlanError) as error:
        points(**axes)
    line = str(error.value)
    assert line.startswith("workload kept: ")
    assert "\n" not in line


def test_works_span_workloads_named_after_them() -> None:
    axes = {"work": suite_file.axis_values("work", "none,spin:1ms wait:5ms@10%"), "hog": ["none"]}
    made = workloads.workloads({"kept": axes})
    assert [point.name for point in made] == ["kept-none", "kept-spin:1ms", "kept-wait:5ms@10%"]
    assert [point.mixture for point in made] == [False, False, True]
    assert [point.axes["work"] for point in made] == [None, "spin:1ms", "wait:5ms@10%"]


def test_who_cannot_be_asked_says_why() -> None:
    plain, working, beside = (*points(), *points(work="spin:1ms"), *points(hog="spin"))
    foreign = ServerSpec("mine", "foreign", command=Command(("mine", "{port}")))
    variant = discover()["stream", "blocking"]
    ours = ServerSpec("blocking", variant.family, variant)
    refusing = dataclasses.replace(ours, variant=dataclasses.replace(variant, cannot=("spin",)))
    assert [bool(unsuited(foreign, each)) for each in (plain, working, beside)] == [
        False,
        True,
        True,
    ]
    assert not any(unsuited(ours, each) for each in (plain, working, beside))
    assert "spin" in unsuited(refusing, working)
    assert not unsuited(refusing, beside)
