"""Room on the disk: what a run needs, what goes first, and when it ends."""

import errno
from pathlib import Path

import pytest

from bench.base.errors import ConfigError, NoRoom
from bench.model.trial import Cell
from bench.running import run
from bench.store import room, run_folder
from bench.store.room import Need, Room
from tests.support import synthetic
from tests.support.paths import ROOT

NEED = Need(line_bytes=20_000, report_bytes=3_000_000)


def test_the_estimate_is_above_what_the_published_run_takes() -> None:
    run = run_folder.read(ROOT / "results" / "reference")
    config = run.header.config
    need = Need.of(run.header.cells, config.trials, config.warmup_s + config.duration_s)
    files = [path for path in run.folder.iterdir() if path.is_file()]
    files += (run.folder / "charts").iterdir()
    taken = sum(path.stat().st_size for path in files)
    planned = need.report_bytes + len(run.header.cells) * config.trials * need.line_bytes
    assert taken < planned < 3 * taken
    longest = max(map(len, (run.folder / "trials.jsonl").read_bytes().splitlines()))
    assert longest < need.line_bytes


def test_a_run_without_room_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = NEED.report_bytes + 10 * NEED.line_bytes
    monkeypatch.setattr(room, "free_bytes", lambda _: left)
    NEED.check(tmp_path, 10)
    with pytest.raises(ConfigError, match=r"needs some 3\.1 MiB there and 3\.1 MiB are free"):
        NEED.check(tmp_path, 11)


def test_room_is_that_of_the_disk_on_which_a_folder_will_be(tmp_path: Path) -> None:
    assert room.free_bytes(tmp_path / "not" / "yet")
    assert room.free_bytes(Path("/proc/nowhere")) is None


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "samples").iterdir())


def with_samples(folder: Path) -> None:
    synthetic.run(folder, synthetic.EIGHT[:1], [synthetic.ONE], 1)
    for number in range(3):
        (folder / "samples" / f"{number}.npz").write_bytes(bytes(1000))


def test_samples_go_first_and_then_the_run_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_samples(tmp_path)
    disk = Room(tmp_path, NEED, 10_000)
    needed = NEED.report_bytes + NEED.line_bytes
    monkeypatch.setattr(room, "free_bytes", lambda _: needed - 3000 + 3000 * (not kept(tmp_path)))
    assert disk.samples(tmp_path / "samples" / "3.npz")
    disk.check()
    assert kept(tmp_path) == []
    assert disk.samples(tmp_path / "samples" / "3.npz") is None
    monkeypatch.setattr(room, "free_bytes", lambda _: needed - 1)
    with pytest.raises(NoRoom, match="make room, then go on with"):
        disk.check()


def test_samples_are_kept_while_they_fit(tmp_path: Path) -> None:
    with_samples(tmp_path)
    disk = Room(tmp_path, NEED, 2500)
    for name in kept(tmp_path):
        disk.keep(tmp_path / "samples" / name)
    assert kept(tmp_path) == ["0.npz", "1.npz"]
    assert disk.samples(tmp_path / "samples" / "4.npz") is None
    disk.keep(None)
    disk.keep(tmp_path / "samples" / "never written")


def test_a_trial_takes_the_place_of_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_samples(tmp_path)
    append = run_folder.append
    trial = synthetic.trial(block=1)

    def full(folder: Path, each: object) -> None:
        if kept(folder):
            raise OSError(errno.ENOSPC, "No space left on device", "trials.jsonl")
        append(folder, trial)

    monkeypatch.setattr(run_folder, "append", full)
    run.store(tmp_path, trial, Room(tmp_path, NEED, 10_000))
    assert run_folder.read(tmp_path).trials[-1] == trial


def test_a_folder_that_was_removed_is_not_made_anew(tmp_path: Path) -> None:
    with pytest.raises(NoRoom, match=r"trials\.jsonl: No such file or directory"):
        run.store(tmp_path, synthetic.trial(), Room(tmp_path, NEED, 0))
    assert not list(tmp_path.iterdir())


def test_need_grows_with_connections() -> None:
    few, many = (
        Need.of((Cell("a", workload),), 1, 2.0) for workload in (synthetic.ONE, synthetic.MANY)
    )
    assert many.line_bytes > few.line_bytes
