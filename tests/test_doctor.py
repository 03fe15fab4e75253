"""What is said of a machine, from recorded facts."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bench import doctor

GOOD = doctor.Facts(
    affinity=8,
    quota=None,
    shared=False,
    governors=("performance",),
    load=0.1,
    files=1_048_576,
    ports=(32768, 60999),
    reuse=2,
    backlog=4096,
    swap_used_mib=0,
    virtualised=False,
    congestion_controls=("reno", "cubic"),
    address_randomisation="2",
)

CASES: list[tuple[dict[str, Any], str, str, str]] = [
    ({"affinity": 1, "shared": True}, "CPUs", "problem", "1 CPU"),
    ({"affinity": 2, "shared": True}, "CPUs", "problem", "2 CPUs"),
    ({"affinity": 2}, "CPUs", "warning", "2 CPUs"),
    ({"affinity": 3}, "CPUs", "ok", "3 CPUs"),
    ({"quota": 1.5}, "CPU quota", "problem", "1.5 of 8 CPUs"),
    ({"quota": 4.0}, "CPU quota", "warning", "4 of 8 CPUs"),
    ({"quota": 8.0}, "CPU quota", "ok", "none below"),
    ({"governors": ("powersave",)}, "frequency governor", "warning", "powersave"),
    ({"governors": ("performance", "schedutil")}, "frequency governor", "warning", "schedutil"),
    ({"governors": ()}, "frequency governor", "ok", "not visible"),
    ({"load": 1.2}, "load", "warning", "1.20"),
    ({"load": 9.0}, "load", "problem", "9.00"),
    ({"files": 1024}, "open files", "warning", "1,024"),
    ({"files": None}, "open files", "ok", "no limit"),
    ({"ports": (60000, 60999)}, "ephemeral ports", "warning", "1,000 (60000 to 60999)"),
    ({"reuse": 0}, "ephemeral ports", "warning", "28,232 (32768 to 60999), not reused"),
    ({"backlog": 128}, "backlog", "warning", "128"),
    ({"swap_used_mib": 900}, "swap", "warning", "900 MiB"),
    ({"swap_used_mib": 3}, "swap", "ok", "hardly"),
    ({"virtualised": True}, "virtualisation", "warning", "virtual"),
    ({"congestion_controls": ("bbr",)}, "congestion control", "warning", "bbr"),
    ({"congestion_controls": ("reno", "bbr")}, "congestion control", "ok", "reno of"),
    ({"congestion_controls": ()}, "congestion control", "ok", "not visible"),
    ({"address_randomisation": "0"}, "address randomisation", "ok", "off"),
]


@pytest.mark.parametrize(("changed", "what", "level", "found"), CASES)
def test_findings(changed: dict[str, Any], what: str, level: str, found: str) -> None:
    findings = doctor.judge(dataclasses.replace(GOOD, **changed))
    finding = next(finding for finding in findings if finding.what == what)
    assert finding.level == level
    assert found in finding.found
    assert bool(finding.remedy) == (level != "ok")
    others = [other for other in findings if other.what != what]
    assert all(other.level == "ok" for other in others)


def test_a_good_machine_in_one_line() -> None:
    assert doctor.short(doctor.judge(GOOD)) == "machine: nothing against it"


def test_the_short_form_names_what_is_wrong() -> None:
    findings = doctor.judge(dataclasses.replace(GOOD, virtualised=True, backlog=128))
    assert doctor.short(findings) == (
        "machine: backlog: 128 connections may wait; virtualisation: a virtual machine "
        "(`bench doctor` says what to do)"
    )


def test_the_table_fits_a_terminal(tmp_path: Path) -> None:
    facts = dataclasses.replace(
        GOOD, shared=True, quota=0.5, load=9.0, ports=(1024, 2047), swap_used_mib=12_000
    )
    console = Console(width=100, record=True, file=(tmp_path / "out").open("w"))
    console.print(doctor.table(doctor.judge(facts)))
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= 100
    assert "…" not in text
    assert "swapoff" in text


def test_this_machine_can_be_examined() -> None:
    findings = doctor.examine()
    assert len(findings) == len(doctor.LOOKS)
    assert {finding.level for finding in findings} <= {"ok", "warning", "problem"}
