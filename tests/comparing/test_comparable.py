"""What must be equal of two runs: machines, settings, interpreters, and the control."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bench.base.errors import ConfigError
from bench.comparing import comparison
from bench.model.cpus import Cpus
from bench.model.header import Source
from bench.model.run import Run
from bench.report.terminal import comparison as ratio_table
from tests.comparing.common import OTHER, PLAIN, noisy
from tests.comparing.common import run as made
from tests.support.known import known


def _run(folder: Path, **header: Any) -> Run:
    run = made(folder, noisy(1), blocks=3)
    return dataclasses.replace(run, header=dataclasses.replace(run.header, **header))


def _of(run: Run, **entry: Any) -> Run:
    """Return a run whose first server is of something else."""
    first, *others = run.header.config.servers
    config = dataclasses.replace(
        run.header.config, servers=(dataclasses.replace(first, **entry), *others)
    )
    return dataclasses.replace(run, header=dataclasses.replace(run.header, config=config))


def test_refuses_other_machines_and_settings_unless_forced(tmp_path: Path) -> None:
    before = _run(tmp_path / "a")
    machine = {**before.header.machine, "kernel": "6.8.0"}
    config = dataclasses.replace(before.header.config, duration_s=9.0)
    after = _run(tmp_path / "b", machine=machine, config=config)
    with pytest.raises(ConfigError, match=r"kernel \(6\.1\.0 and 6\.8\.0\)") as refused:
        comparison.compare([before], [after])
    assert "duration" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(comparison.compare([before], [after], force=True).differing) == 2


def test_what_is_unknown_in_both_is_not_equal(tmp_path: Path) -> None:
    run = _run(tmp_path / "a")
    machine = {**run.header.machine, "clock_source": None}
    runs = [_run(tmp_path / name, machine=machine) for name in ("b", "c")]
    with pytest.raises(ConfigError, match=r"clock source \(unknown in both\)"):
        comparison.compare(runs[:1], runs[1:])


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ((1024, 446, 1024, 446), (1024, 446, 1024, 446), ""),
        ((1024, 446, 446, 1024), (1024, 446, 1024, 446), "(server 1024, generator 446 and server"),
        ((None, None, None, None), (None, None, None, None), ""),
        ((None, None, None, None), (1024, 446, 1024, 446), "(alike and server 1024, generator"),
    ],
)
def test_the_cores_in_use_count_and_not_those_that_there_are(
    first: tuple[int | None, ...], second: tuple[int | None, ...], words: str, tmp_path: Path
) -> None:
    runs = []
    for name, speeds in (("a", first), ("b", second)):
        run = _run(tmp_path / name)
        machine: Any = {**run.header.machine, "cores": dict(zip("0123", speeds, strict=True))}
        header = dataclasses.replace(run.header, machine=machine, cpus=Cpus((0,), (2,)))
        runs.append(dataclasses.replace(run, header=header))
    if not words:
        assert comparison.compare(runs[:1], runs[1:]).differing == ()
        return
    with pytest.raises(ConfigError, match="speed of the cores in use") as refused:
        comparison.compare(runs[:1], runs[1:])
    assert words in str(refused.value)


def test_what_an_earlier_schema_could_not_have_is_named_once(tmp_path: Path) -> None:
    run = _run(tmp_path / "a")
    bare: Any = {name: of for name, of in run.header.machine.items() if name != "cores"}
    runs = [_run(tmp_path / name, machine=bare, schema=2) for name in ("b", "c", "d", "e")]
    found = comparison.compare(runs[::2], runs[1::2])
    assert found.differing == ()
    assert found.unrecorded.count("speed of the cores in use") == 1
    console = Console(width=100, record=True, file=(tmp_path / "out").open("w"))
    console.print(ratio_table.table(found))
    assert console.export_text().count("speed of the cores in use") == 1
    # One of them could have said it.
    younger = _run(tmp_path / "f", machine=bare, schema=3)
    with pytest.raises(ConfigError, match=r"speed of the cores in use \(unknown in both\)"):
        comparison.compare(runs[:1], [younger])


SOURCES = (Source("servers/stream/x.py", "0" * 64),), (Source("servers/stream/x.py", "1" * 64),)


def test_another_source_is_what_a_comparison_is_about_and_is_named(tmp_path: Path) -> None:
    before, after = (
        _of(_run(tmp_path / name), sources=sources, gil=True, jit=False)
        for name, sources in zip("ab", SOURCES, strict=True)
    )
    found = comparison.compare([before], [after])
    assert found.remade == (f"the source of {PLAIN.name}",)
    assert found.differing == ()
    # The other server's record says nothing.
    assert set(found.unrecorded) == {"the source", "the GIL", "the JIT"}


def test_another_interpreter_is_refused(tmp_path: Path) -> None:
    before, after = (
        _of(_run(tmp_path / name), gil=gil, jit=False) for name, gil in (("a", True), ("b", False))
    )
    with pytest.raises(ConfigError, match=f"differ in the GIL of {PLAIN.name}"):
        comparison.compare([before], [after])
    assert comparison.compare([before], [after], force=True).differing


def test_a_control_that_changed_is_none(tmp_path: Path) -> None:
    before, after = (
        _of(_run(tmp_path / name), sources=sources)
        for name, sources in zip("ab", SOURCES, strict=True)
    )
    assert comparison.compare([before], [after], control=OTHER.name).remade
    with pytest.raises(ConfigError, match=f"differ in the source of {PLAIN.name}"):
        comparison.compare([before], [after], control=PLAIN.name)


def test_the_runs_of_one_side_are_of_the_same(tmp_path: Path) -> None:
    one, other = (
        _of(_run(tmp_path / name), sources=sources)
        for name, sources in zip("ab", SOURCES, strict=True)
    )
    with pytest.raises(ConfigError, match=f"the source of {PLAIN.name} on one side"):
        comparison.compare([one, other], [one, one])
    assert comparison.compare([one, one], [other, other]).differing == ()


def test_json_says_what_differs_and_what_is_not_on_record(tmp_path: Path) -> None:
    before, after = (_run(tmp_path / name) for name in "ab")
    document = ratio_table.document(comparison.compare([before], [after]), [])
    assert document["remade"] == []
    assert "the source" in known(document["unrecorded"])
