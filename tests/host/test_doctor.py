"""What is said of a machine, from recorded facts."""

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bench.host import kernel, machine
from bench.host.doctor import LOOKS, examine
from bench.host.doctor.finding import MachineFacts
from bench.host.topology import Topology
from bench.model.cpus import parse_cpus
from servers import terms


def cores(*sizes: int, speed: tuple[int, ...] = ()) -> Topology:
    """Return cores of so many CPUs each, in a row; speed: of each core, equal if none is given."""
    ends = [sum(sizes[: n + 1]) for n in range(len(sizes))]
    found = tuple(tuple(range(end - size, end)) for end, size in zip(ends, sizes, strict=True))
    pairs = zip(found, speed, strict=False)
    return Topology(found, {cpu: value for core, value in pairs for cpu in core})


GOOD = MachineFacts(
    affinity=8,
    quota=None,
    topology=cores(*[1] * 8),
    isolated=(),
    governors=("performance",),
    load=0.1,
    files=1_048_576,
    ports=(32768, 60999),
    reuse=2,
    time_wait=12,
    time_wait_most=131_072,
    tracked=None,
    backlog=4096,
    datagram_buffer=terms.DATAGRAM_BUFFER,
    swap_used_mib=0,
    virtualised=False,
    congestion_control="cubic",
    clock_source="tsc",
    address_randomisation="2",
)

CASES: list[tuple[dict[str, Any], str, str, str]] = [
    ({"affinity": 1, "topology": cores(1)}, "CPUs", "problem", "1 CPU"),
    ({"affinity": 2, "topology": cores(2)}, "CPUs", "problem", "2 CPUs"),
    ({"affinity": 2, "topology": cores(1, 1)}, "CPUs", "warning", "2 CPUs"),
    ({"affinity": 3, "topology": cores(1, 1, 1)}, "CPUs", "ok", "3 CPUs"),
    ({"topology": cores(2, 2, 1)}, "cores", "ok", "3 cores, 2 of several CPUs (0-1; 2-3)"),
    ({"topology": cores(*[2] * 32)}, "cores", "ok", "(0-1; 2-3; and 30 more)"),
    (
        {"topology": cores(2, 2, 1, 1, speed=(9, 9, 6, 6))},
        *("cores", "ok", "fastest first: 0-3 | 4-5; a run uses 0-3"),
    ),
    (
        {"topology": cores(1, 1, 1, speed=(9, 6, 6))},
        *("cores", "warning", "fastest first: 0 | 1-2"),
    ),
    ({"isolated": (2, 3)}, "isolated CPUs", "ok", "2-3"),
    ({"quota": 1.5}, "CPU quota", "problem", "1.5 of 8 CPUs"),
    ({"quota": 4.0}, "CPU quota", "warning", "4 of 8 CPUs"),
    ({"quota": 8.0}, "CPU quota", "ok", "none below"),
    ({"governors": ("powersave",)}, "frequency governor", "warning", "powersave"),
    ({"governors": ("performance", "schedutil")}, "frequency governor", "warning", "schedutil"),
    ({"governors": ()}, "frequency governor", "ok", "not visible"),
    ({"load": 1.2}, "load", "warning", "1.2 of 8"),
    ({"load": 9.0}, "load", "problem", "9.0 of 8"),
    ({"load": 7.9}, "load", "problem", "7.9 of 8"),
    ({"load": None}, "load", "ok", "not visible"),
    ({"files": 1024}, "open files", "warning", "1,024"),
    ({"files": None}, "open files", "ok", "no limit"),
    ({"ports": (60000, 60999)}, "ephemeral ports", "warning", "1,000 (60000 to 60999)"),
    ({"reuse": 0}, "ephemeral ports", "warning", "28,232 (32768 to 60999), not reused"),
    ({"ports": None}, "ephemeral ports", "ok", "not visible"),
    ({"reuse": None}, "ephemeral ports", "ok", "28,232"),
    ({"time_wait": 15_000}, "TIME_WAIT sockets", "ok", "15,000 now, 131,072 at most"),
    ({"time_wait": 70_000}, "TIME_WAIT sockets", "warning", "70,000 now, 131,072 at most"),
    ({"time_wait": 900, "time_wait_most": 1000}, "TIME_WAIT sockets", "warning", "900 now"),
    ({"time_wait": 900, "time_wait_most": None}, "TIME_WAIT sockets", "ok", "900 now"),
    ({"time_wait": None}, "TIME_WAIT sockets", "ok", "not visible"),
    ({"tracked": (10, 262_144)}, "connection tracking", "ok", "10 of 262,144"),
    ({"tracked": (10, 65_536)}, "connection tracking", "warning", "10 of 65,536"),
    ({"datagram_buffer": 212_992}, "datagram buffer", "warning", "208 KiB of 4,096 asked for"),
    ({"datagram_buffer": None}, "datagram buffer", "ok", "not visible"),
    ({"clock_source": "hpet"}, "clock source", "warning", "hpet"),
    ({"clock_source": "arch_sys_counter"}, "clock source", "ok", "arch_sys_counter"),
    ({"clock_source": None}, "clock source", "ok", "not visible"),
    ({"backlog": 128}, "backlog", "warning", "128"),
    ({"swap_used_mib": 900}, "swap", "warning", "900 MiB"),
    ({"swap_used_mib": 3}, "swap", "ok", "hardly"),
    ({"swap_used_mib": None}, "swap", "ok", "not visible"),
    ({"virtualised": None}, "virtualisation", "ok", "not visible"),
    ({"virtualised": True}, "virtualisation", "warning", "virtual"),
    ({"congestion_control": "bbr"}, "congestion control", "warning", "bbr"),
    ({"congestion_control": "reno"}, "congestion control", "ok", "reno"),
    ({"congestion_control": None}, "congestion control", "ok", "not visible"),
    ({"address_randomisation": None}, "address randomisation", "ok", "not visible"),
    ({"address_randomisation": "0"}, "address randomisation", "ok", "off"),
]


@pytest.mark.parametrize(("changed", "what", "level", "found"), CASES)
def test_findings(changed: dict[str, Any], what: str, level: str, found: str) -> None:
    findings = examine.judge(dataclasses.replace(GOOD, **changed))
    finding = next(finding for finding in findings if finding.what == what)
    assert finding.level == level
    assert found in finding.found
    assert bool(finding.remedy) == (level != "ok")
    others = [other for other in findings if other.what != what]
    assert all(other.level == "ok" for other in others)


def test_a_good_machine_in_one_line() -> None:
    assert examine.short(examine.judge(GOOD)) == "machine: nothing against it"


def test_the_short_form_names_what_is_wrong() -> None:
    findings = examine.judge(dataclasses.replace(GOOD, virtualised=True, backlog=128))
    assert examine.short(findings) == (
        "machine: virtualisation: a virtual machine; backlog: 128 connections may wait "
        "(`bench doctor` says what to do)"
    )


def test_the_table_fits_a_terminal(tmp_path: Path) -> None:
    facts = dataclasses.replace(
        GOOD, topology=cores(*[2] * 32), quota=0.5, load=9.0, ports=(1024, 2047)
    )
    facts = dataclasses.replace(facts, swap_used_mib=12_000, datagram_buffer=212_992)
    console = Console(width=100, record=True, file=(tmp_path / "out").open("w"))
    console.print(examine.table(examine.judge(facts)))
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= 100
    assert "…" not in text
    assert "swapoff" in text


def test_this_machine_can_be_examined() -> None:
    findings = examine.examine()
    assert len(findings) == len(LOOKS)
    assert {finding.level for finding in findings} <= {"ok", "warning", "problem"}


def test_the_facts_of_the_header_are_plain_values() -> None:
    facts = machine.describe()
    assert json.loads(json.dumps(facts)) == facts
    assert set(facts["cores"]) == {str(cpu) for cpu in machine.usable_cpus()}


def test_a_header_is_written_where_the_kernel_tells_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kernel, "text", lambda *_: None)
    facts = machine.describe()
    unknown = ("ports", "time_wait_sockets", "tcp_tw_reuse", "clock_source", "quota_cpus")
    assert [dict(facts)[name] for name in unknown] == [None] * len(unknown)
    assert all(finding.found for finding in examine.examine())


def test_cpus_beyond_the_affinity_can_be_asked_for() -> None:
    allowed, affinity = machine.allowed_cpus(), os.sched_getaffinity(0)
    assert set(allowed) >= affinity
    if len(affinity) < 2:
        pytest.skip("needs two CPUs")
    os.sched_setaffinity(0, {min(affinity)})
    try:
        assert machine.usable_cpus() == [min(affinity)]
        assert machine.allowed_cpus() == allowed
        cpus = machine.cpus_for_run(server=(max(affinity),))
        assert (cpus.server, cpus.generator) == ((max(affinity),), (min(affinity),))
    finally:
        os.sched_setaffinity(0, affinity)


def test_isolated_cpus_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "sys/devices/system/cpu"
    folder.mkdir(parents=True)
    assert examine.isolated(tmp_path) == ()
    (folder / "isolated").write_text("\n")
    assert examine.isolated(tmp_path) == ()
    (folder / "isolated").write_text("2-3,6\n")
    assert examine.isolated(tmp_path) == (2, 3, 6)


def test_an_empty_list_of_cpus_is_no_list() -> None:
    with pytest.raises(ValueError, match="is no CPU"):
        parse_cpus("")
