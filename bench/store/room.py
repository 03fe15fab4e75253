"""Room on the disk of a run: what it will need, and what is left between its trials."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from bench.base.errors import ConfigError, NoRoom
from bench.model.trial import Cell
from bench.store import run_folder

# A line of trials.jsonl holds two histograms and the course; of 50 connections and 2 s it has 12 to
# 14 KB in the runs of results/reference. Beyond that 8 bytes a connection, and a step of the course
# some 40, of which there are 600 at most.
LINE_BYTES, CONNECTION_BYTES, STEP_BYTES = 20 * 1024, 8, 40
STEPS_PER_S, STEPS_MOST = 10, 600
# Page, tables and charts: 3.6 MB for the 36 cells there; and a cell's place in a block's order.
REPORT_BYTES, CELL_BYTES, PLACE_BYTES = 2 * 1024 * 1024, 64 * 1024, 8
MIB = 2**20


@dataclass(frozen=True)
class Need:
    """What a run writes, without the raw samples, which are kept while there is room.

    line_bytes: a trial; report_bytes: run.json, the report, and room to write them anew
    """

    line_bytes: int
    report_bytes: int

    @classmethod
    def of(cls, cells: tuple[Cell, ...], blocks: int, load_s: float) -> "Need":
        """Return what these cells need. load_s: how long each is under load, warm-up included."""
        most = max((cell.workload.load.connections for cell in cells), default=1)
        steps = min(STEPS_MOST, int(load_s * STEPS_PER_S) + 1)
        line = LINE_BYTES + CONNECTION_BYTES * most + STEP_BYTES * steps
        return cls(line, REPORT_BYTES + (CELL_BYTES + PLACE_BYTES * blocks) * len(cells))

    def check(self, folder: Path, trials: int) -> None:
        """Refuse a run that there is no room for; raises ConfigError."""
        needed, left = self.report_bytes + trials * self.line_bytes, free_bytes(folder)
        if left is not None and left < needed:
            raise ConfigError(
                f"{folder}: the run needs some {needed / MIB:,.1f} MiB there and {left / MIB:,.1f} "
                "MiB are free; make room, or choose another place (--out)"
            )


def free_bytes(folder: Path) -> int | None:
    """Return what is free for a folder that may not be there yet; None where it is not told."""
    for place in (folder.absolute(), *folder.absolute().parents):
        try:
            usage = shutil.disk_usage(place)
        except FileNotFoundError:
            continue
        except OSError:
            return None
        return usage.free if usage.total else None
    return None


class Room:
    """What a run may still write; samples go first, then the run ends in good order.

    samples_left: bytes of raw samples that may still be kept
    """

    def __init__(self, folder: Path, need: Need, samples_bytes: int) -> None:
        """Start with nothing written."""
        self.folder = folder
        self.need = need
        self.samples_left = samples_bytes

    def samples(self, path: Path) -> Path | None:
        """Return where the samples of a trial may go; None if there is no room for any."""
        return path if self.samples_left > 0 else None

    def keep(self, path: Path | None) -> None:
        """Keep a file of samples if it fits."""
        if path is not None and path.exists():
            self.samples_left -= path.stat().st_size
            if self.samples_left < 0:
                path.unlink()

    def give_up_samples(self) -> None:
        """Remove the samples of this run, and keep none from here on."""
        self.samples_left = 0
        run_folder.remove_samples(self.folder)

    def check(self) -> None:
        """Make sure that the report and one more trial fit; raises NoRoom."""
        needed = self.need.report_bytes + self.need.line_bytes
        for last in (False, True):
            left = free_bytes(self.folder)
            if left is None or left >= needed:
                return
            if last:
                raise NoRoom(
                    f"{self.folder}: {left / MIB:,.1f} MiB are free, and the report needs some "
                    f"{needed / MIB:,.1f}; make room, then go on with `bench run --resume`"
                )
            self.give_up_samples()
