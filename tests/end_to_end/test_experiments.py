"""Runs that decide as they go: blocks repeated, added until intervals are narrow; pools swept."""

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.base.levels import BLOCKS_LEAST
from tests.support import machine
from tests.support.paths import ROOT, python

SHORT = ("--workloads", "kept", "--duration", "0.2", "--warmup", "0", "--aa", "none")


def run(folder: Path, *words: str) -> str:
    """Return what a short run printed."""
    return bench("run", *SHORT, *words, "--out", str(folder))


def bench(*words: str) -> str:
    """Return what a command printed."""
    ended = subprocess.run(
        [sys.executable, "-m", "bench", *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        env=os.environ | {"COLUMNS": "200"},
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def trials(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "trials.jsonl").read_text().splitlines()]


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "summary.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs a CPU for each side")
def test_a_disturbed_block_is_repeated_whole_and_once(tmp_path: Path) -> None:
    asked = ("--servers", "selectors-default,blocking", "--connections", "1", "--trials", "2")
    server_cpu, generator_cpu = machine.split()
    cpus = ("--server-cpus", str(server_cpu), "--generator-cpus", str(generator_cpu))
    with machine.busy(server_cpu):
        printed = run(tmp_path, *asked, *cpus, "--budget", "60")
    measured = [(trial["block"], trial["cell"]["server"]) for trial in trials(tmp_path)]
    assert [block for block, _ in measured] == [0] * 4 + [1] * 4
    assert len(set(measured)) == 4
    assert re.search("block 2 again: others used [0-9]+% of the CPU time of the server", printed)
    assert "up to 1:00 min more for blocks that are disturbed" in printed
    assert "disturbed and measured again: block 1 and 2" in printed
    # Only the last trial of a block counts, the first ones stay on record.
    assert {row["trials"] for row in rows(tmp_path)} == {"2"}


class TestUntil:
    asked = ("--servers", "selectors-default", "--connections", "1", "--trials", "1")

    @pytest.mark.slow
    def test_blocks_are_added_until_the_intervals_are_narrow(self, tmp_path: Path) -> None:
        printed = run(tmp_path, *self.asked, "--until", "90%", "--budget", "120")
        blocks = {trial["block"] for trial in trials(tmp_path)}
        assert blocks == set(range(len(blocks)))
        assert len(blocks) >= BLOCKS_LEAST
        assert "(selectors-default in kept); 90.0% was asked for\n" in printed
        header = json.loads((tmp_path / "run.json").read_text())
        assert len(header["order"]) == len(blocks)

    def test_the_budget_ends_them_and_a_resumed_run_has_it_again(self, tmp_path: Path) -> None:
        asked = ("--until", "0.001%", "--budget", "1")
        printed = run(tmp_path, *self.asked, *asked)
        assert "the time budget of 1 s is used up" in printed
        before = {trial["block"] for trial in trials(tmp_path)}
        resumed = bench("run", "--resume", str(tmp_path))
        assert "the time budget of 1 s is used up" in resumed
        after = {trial["block"] for trial in trials(tmp_path)}
        assert after == set(range(len(after)))
        assert after > before


def test_json_is_all_that_is_printed(tmp_path: Path) -> None:
    asked = ("--servers", "selectors-default", "--connections", "1", "--trials", "2")
    document = json.loads(run(tmp_path, *asked, "--until", "90%", "--budget", "0", "--json"))
    (cell,) = document["cells"]
    assert cell["server"] == "selectors-default"
    (stored,) = json.loads((tmp_path / "verdicts.json").read_text())
    assert stored == {key: cell[key] for key in stored}


def test_a_finished_run_that_is_resumed_measures_nothing(tmp_path: Path) -> None:
    run(tmp_path, "--servers", "blocking", "--connections", "1", "--trials", "1")
    before = (tmp_path / "trials.jsonl").read_text()
    assert "plan: 0 trials in 0 blocks" in bench("run", "--resume", str(tmp_path))
    assert (tmp_path / "trials.jsonl").read_text() == before


def test_a_command_is_added_in_a_block_that_holds_all(tmp_path: Path) -> None:
    asked = ("--servers", "blocking", "--connections", "1", "--trials", "1", "--budget", "0")
    run(tmp_path, *asked)
    script = ROOT / "tests" / "support" / "foreign.py"
    command = f"mine={python(script, '{host}', '{port}')}"
    bench("run", "--add", str(tmp_path), "--command", command, "--trials", "1")
    measured = [(trial["block"], trial["cell"]["server"]) for trial in trials(tmp_path)]
    assert measured[0] == (0, "blocking")
    assert set(measured[1:]) == {(1, "blocking"), (1, "mine")}


def test_a_command_takes_part_beside_the_servers_that_are_listed(tmp_path: Path) -> None:
    script = ROOT / "tests" / "support" / "foreign.py"
    command = f"mine={python(script, '{host}', '{port}')}"
    asked = ("--servers", "blocking", "--command", command, "--connections", "1", "--trials", "1")
    run(tmp_path, *asked)
    assert {row["server"] for row in rows(tmp_path)} == {"blocking", "mine"}


def test_every_size_of_the_pools_is_a_cell(tmp_path: Path) -> None:
    asked = ("--servers", "process-pool", "--connections", "6", "--pool-size", "1 6")
    printed = run(tmp_path, *asked, "--trials", "1")
    one, six = rows(tmp_path)
    assert (one["workload"], one["pool_size"]) == ("kept-pool1", "1")
    assert (one["verdict"], one["connections_without_reply"]) == ("starved", "5")
    assert (six["workload"], six["pool_size"]) == ("kept-pool6", "6")
    assert six["connections_without_reply"] == "0"
    used = {t["cell"]["workload"]["pool_size"]: t["server_usage"] for t in trials(tmp_path)}
    assert used[6]["processes"] - used[1]["processes"] == 5
    assert "by design: this model serves 1 client at once" in printed
    assert list((tmp_path / "charts").glob("pool-6-connections-*.svg"))


def test_a_server_has_as_many_cpus_as_are_asked_for(tmp_path: Path) -> None:
    """Requests that compute show it: two processes on one CPU do half of what two CPUs do."""
    both = "0,1"
    if not {0, 1} <= os.sched_getaffinity(0):
        pytest.skip("needs the CPUs 0 and 1")
    asked = ("--servers", "process-pool", "--connections", "4", "--work", "spin:1ms")
    cpus = ("--cpus", "1 2", "--server-cpus", both, "--generator-cpus", both)
    run(tmp_path, *asked, *cpus, "--trials", "1")
    one, two = rows(tmp_path)
    assert (one["workload"], one["cpus"]) == ("kept-1cpus", "1")
    assert (two["workload"], two["cpus"]) == ("kept-2cpus", "2")
    # Twice as many where the machine is quiet; the ratio is of one run, side by side.
    assert float(two["throughput_rps"]) > 1.3 * float(one["throughput_rps"])
    assert list((tmp_path / "charts").glob("cpus-4-connections-*.svg"))


def refused(*words: str) -> str:
    """Return the one line that a command ended with."""
    ended = subprocess.run(
        [sys.executable, "-m", "bench", *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    return ended.stderr


@pytest.mark.parametrize("verb", [("--add",), ("--resume",)])
def test_a_server_that_was_edited_is_not_added_to(verb: tuple[str], tmp_path: Path) -> None:
    source, program = tmp_path / "mine.py", tmp_path / "foreign.py"
    source.write_text((ROOT / "servers" / "stream" / "blocking.py").read_text())
    program.write_text((ROOT / "tests" / "support" / "foreign.py").read_text())
    folder = tmp_path / "run"
    command = f"other={sys.executable} {program} {{host}} {{port}}"
    asked = ("--connections", "1", "--trials", "1", "--budget", "0")
    run(folder, "--servers", str(source), "--command", command, *asked)
    header = json.loads((folder / "run.json").read_text())
    entries = {entry["name"]: entry for entry in header["config"]["servers"]}
    interpreter, script = (each["path"] for each in entries["other"]["files"])
    # Of the tree, where its environment lies in it, the path starts there.
    assert sys.executable.endswith(interpreter)
    assert script == str(program)
    before = trials(folder)
    program.write_text(program.read_text() + "\n# faster\n")
    line = refused("run", *verb, str(folder), "--yes")
    assert "the program of other changed since it was measured" in line
    source.write_text(source.read_text() + "\n# faster\n")
    line = refused("run", *verb, str(folder), "--yes")
    assert "the source of mine changed since it was measured" in line
    assert trials(folder) == before
