"""The command `bench history`: folders, output, documents, and what it refuses."""

import json
import subprocess
import sys
from pathlib import Path

from tests.history.common import STEPPED, levels, write
from tests.support.markdown import tables
from tests.support.paths import ROOT


def bench(*words: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", "history", *map(str, words)],
        capture_output=True,
        text=True,
        cwd=cwd,
        check=False,
        env={"COLUMNS": "80", "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
    )


def test_a_folder_of_runs(tmp_path: Path) -> None:
    write(tmp_path, levels(9, 0.01, seed=2, step_at=5, factor=0.8))
    (tmp_path / "latest").symlink_to("run-08")
    done = bench(tmp_path)
    assert done.returncode == 0, done.stderr
    assert "9 runs of one machine, 2026-02-01 to 2026-02-09" in done.stdout
    assert "worse" in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines() if "history.md" not in line)
    page = (tmp_path / "history.html").read_text()
    assert "▼" in page
    assert "http" not in page.replace("http://www.w3.org", "")
    pasted = bench(tmp_path, "--markdown")
    assert pasted.stdout == (tmp_path / "history.md").read_text()
    assert tables(pasted.stdout)
    assert f"| {STEPPED} |" in pasted.stdout


def test_the_json_has_points_and_steps(tmp_path: Path) -> None:
    write(tmp_path, levels(9, 0.01, seed=2, step_at=5, factor=0.8))
    done = bench(tmp_path, "--json", "--server", STEPPED)
    (cell,) = json.loads(done.stdout)["cells"]
    assert [point["run"] for point in cell["points"]] == list(range(9))
    (step,) = cell["steps"]
    assert step["run"] == 5
    assert step["ratio_lo"] < 0.8 < step["ratio_hi"]


def test_a_run_that_cannot_be_read_costs_no_other(tmp_path: Path) -> None:
    write(tmp_path, levels(3, 0.01, seed=2))
    (tmp_path / "run-01" / "run.json").write_text("{")
    done = bench(tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2 runs of one machine" in done.stdout
    assert "left out: " in done.stdout
    assert "is not a run's header" in done.stdout


def test_what_it_refuses_is_one_line(tmp_path: Path) -> None:
    write(tmp_path, levels(1, 0.01, seed=2))
    (tmp_path / "empty").mkdir()
    for words, why in (
        ([tmp_path], "is the only run"),
        ([tmp_path / "empty"], "is no run and holds none"),
        ([tmp_path / "nowhere"], "No such file"),
        ([tmp_path, "--figure", "speed"], "choose from throughput"),
    ):
        done = bench(*words)
        assert done.returncode == 2, words
        assert len(done.stderr.splitlines()) == 1, done.stderr
        assert why in done.stderr
