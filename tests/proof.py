"""How often the harness is wrong: `make proof`, a quarter of an hour on a quiet machine.

One long run of selectors-default, its A/A twin and `truth/five_percent.py`, which burns 5 % more
CPU per request. Its blocks are cut into comparisons, each judged as a run of its own would be.

- Twenty comparisons of the server with its twin, on disjoint groups of blocks: at 95 % one in
  twenty is called different by chance, and three at most are let pass.
- Ten runs of five minutes, resampled from the blocks: the slower server is to be told apart, in the
  right direction, in eight of them.
"""

import datetime as dt
import random
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.analysis import metrics
from bench.analysis.metrics import METRICS, Metric
from bench.base import wording
from bench.model.run import Run
from bench.model.trial import TWIN, Trial
from bench.pairs import noise_floor, ranking
from bench.pairs.pairwise import Entrant, Pair
from bench.store import run_folder
from tests.support.paths import ROOT

PLAIN, SLOWER = "selectors-default", "five-percent"
BLOCKS = 240
COMPARISONS, WRONG_MOST = 20, 3
RUNS, TOLD_LEAST = 10, 8
RUN_S = 300.0

Values = dict[int, float]


def measure(folder: Path) -> None:
    """Run the blocks into a folder."""
    servers = f"{PLAIN},{ROOT / 'tests' / 'truth' / 'five_percent.py'}"
    words = ["--suite", "quick", "--connections", "50", "--servers", servers, "--aa", PLAIN]
    words += ["--duration", "0.7", "--warmup", "0.2", "--trials", str(BLOCKS), "--budget", "0"]
    command = [sys.executable, "-m", "bench", "run", *words, "--out", str(folder), "--quiet"]
    subprocess.run(command, check=True, cwd=ROOT)


def values(run: Run, server: str, figure: Metric) -> Values:
    """Return a server's values of a figure by block."""
    trials = [t for t in run.trials if t.cell.server == server]
    return metrics.values(metrics.by_block(trials), figure.column)


def told_apart(first: Values, second: Values, figure: Metric) -> Pair:
    """Return two servers beside each other, judged as those of a run are."""
    entrants = [Entrant("first", first), Entrant("second", second)]
    (pair,) = ranking.rank(entrants, figure).pairs
    return pair


def within(blocks: Iterable[int], found: Values) -> Values:
    """Return the values of some blocks."""
    return {block: found[block] for block in blocks}


def false_alarms(run: Run, figure: Metric) -> int:
    """Return how many disjoint comparisons of a server with its twin call them different."""
    own, twin = (values(run, name, figure) for name in (PLAIN, PLAIN + TWIN))
    shared = sorted(own.keys() & twin.keys())
    size = len(shared) // COMPARISONS
    groups = [shared[at * size : (at + 1) * size] for at in range(COMPARISONS)]
    tested = (told_apart(within(g, own), within(g, twin), figure) for g in groups)
    return sum(pair.apart for pair in tested)


def detections(run: Run, figure: Metric) -> int:
    """Return in how many resampled runs the slower server is told apart, the right way round."""
    blocks = sorted({trial.block for trial in run.trials})
    size = min(len(blocks), round(RUN_S / block_s(run.trials)))
    source = random.Random(5)
    found = 0
    for _ in range(RUNS):
        chosen = set(source.sample(blocks, size))
        part = Run(run.folder, run.header, [t for t in run.trials if t.block in chosen])
        (noise,) = noise_floor.of(metrics.by_cell(part.trials), figure).values()
        entrants = [Entrant(name, values(part, name, figure)) for name in (PLAIN, SLOWER)]
        order = ranking.rank(entrants, figure, noise)
        found += order.tiers == ((PLAIN,), (SLOWER,))
    return found


def block_s(trials: Sequence[Trial]) -> float:
    """Return how long a block of the two servers alone takes, their twin left out."""
    began = [dt.datetime.fromisoformat(trial.started_at) for trial in trials]
    each_s = (max(began) - min(began)).total_seconds() / (len(trials) - 1)
    return 2 * each_s


def main() -> int:
    """Measure, unless the folder has a run already; return the status."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "results" / "proof"
    if not (folder / "run.json").exists():
        measure(folder)
    run = run_folder.read(folder)
    status = 0
    for name in ("throughput", "cpu"):
        figure = METRICS[name]
        wrong, told = false_alarms(run, figure), detections(run, figure)
        pair = told_apart(values(run, SLOWER, figure), values(run, PLAIN, figure), figure)
        ratio = "none" if pair.ratio is None else wording.ranged(pair.ratio)
        print(
            f"{name}: {wrong} of {COMPARISONS} A/A comparisons called different (at most "
            f"{WRONG_MOST}); 5 % more CPU told apart in {told} of {RUNS} five-minute runs (at "
            f"least {TOLD_LEAST}); over all blocks the better is at {ratio} of the other"
        )
        status |= wrong > WRONG_MOST or told < TOLD_LEAST
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
