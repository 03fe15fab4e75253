"""How often the harness is wrong: `make proof`, half an hour on a quiet machine.

One long run of selectors-default, its A/A twin, two more copies of it under other names, the same
server with 5 % more CPU per request (`truth/five_percent.py`), and two models beside them, so that
noise that servers share, corrections and floors take part as in any run. Its blocks are cut into
groups that have none in common, and each is judged as a run of its own would be.

- A hundred comparisons of a server with itself, on five blocks each, at 95 %: nine at most may be
  called different. If the true error is 5 % that passes in 97 of 100 proofs; if it is 10 %, in 45;
  if it is 15 %, in 6.
- Ten runs of twenty-five blocks: the slower server is to be told apart, the right way round, by the
  whole chain from trials to the ranking, in eight of them. Where the machine is so noisy that runs
  of that length could not show it, that part is undecided (status 3), and says how long they need.
"""

import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.analysis import intervals, metrics
from bench.analysis.metrics import METRICS, Metric
from bench.base import levels, wording
from bench.model.run import Run
from bench.model.trial import TWIN
from bench.pairs import layout, pairwise
from bench.pairs.foresight import Foresight
from bench.report.view import run_view
from bench.store import run_folder
from loadgen.exits import Exit
from tests.support.paths import ROOT

PLAIN, SLOWER = "selectors-default", "five-percent"
# Files with the same text under other names: nothing tells the harness that they are the same.
COPIES = ("copy-one", "copy-two")
BESIDE = ("asyncio-protocol", "uvloop-protocol")
# Two comparisons of a server with itself in each group of blocks, with no trial in common.
SAME = ((PLAIN, PLAIN + TWIN), COPIES)
BLOCKS, GROUP, RUN = 250, 5, 25
WRONG_MOST, TOLD_LEAST = 9, 8
SLOWER_BY = 0.05
SERVERS = 2 + len(COPIES) + len(BESIDE)
TOLD_BY = ("throughput", "cpu")
FIGURES = ("throughput", "p50", "p99", "cpu")


def measure(folder: Path) -> None:
    """Run the blocks into a folder."""
    with tempfile.TemporaryDirectory() as name:
        source = ROOT / "servers" / "stream" / "selectors_default.py"
        copies = [Path(name) / f"{each.replace('-', '_')}.py" for each in COPIES]
        for copy in copies:
            shutil.copy(source, copy)
        paths = [*copies, ROOT / "tests" / "truth" / "five_percent.py"]
        servers = ",".join([PLAIN, *BESIDE, *(shlex.quote(str(path)) for path in paths)])
        words = ["--suite", "quick", "--connections", "50", "--servers", servers, "--aa", PLAIN]
        words += ["--duration", "0.4", "--warmup", "0.1", "--trials", str(BLOCKS)]
        words += ["--budget", "0", "--workloads", "kept"]
        command = [sys.executable, "-m", "bench", "run", *words, "--out", str(folder), "--quiet"]
        subprocess.run(command, check=True, cwd=ROOT)


def groups(run: Run, size: int) -> Iterator[Run]:
    """Yield the run's blocks in groups that have none in common."""
    blocks = sorted({trial.block for trial in run.trials})
    for at in range(0, len(blocks) - size + 1, size):
        chosen = set(blocks[at : at + size])
        yield Run(run.folder, run.header, [t for t in run.trials if t.block in chosen])


def chances(run: Run, figure: Metric) -> Iterator[float]:
    """Yield the p-values of a server beside itself, in a layout with all others."""
    values = {
        cell.server: metrics.values(by_block, figure.column)
        for cell, by_block in metrics.by_cell(run.trials).items()
    }
    found = layout.fit({server: of for server, of in values.items() if of})
    for first, second in SAME:
        if values.get(first) and values.get(second):
            yield pairwise.chance(found.contrast(first, second))


def false_alarms(run: Run, figure: Metric) -> tuple[int, int]:
    """Return how many comparisons of a server with itself call it different, and of how many."""
    tested = [chance for part in groups(run, GROUP) for chance in chances(part, figure)]
    return sum(chance < levels.ERROR for chance in tested), len(tested)


def detections(run: Run, figure: Metric) -> tuple[int, int]:
    """Return in how many runs the slower server is told apart, the right way, and of how many."""
    found = []
    for part in groups(run, RUN):
        (workload,) = run_view.view(part).workloads
        pair = workload.orders[figure].between(PLAIN, SLOWER)
        apart = pair is not None and pair.apart and pair.ratio is not None
        faster = pair is not None and pair.ratio is not None and pair.ratio.value > 1
        found.append(apart and faster == figure.more_is_better)
    return sum(found), len(found)


def spread(run: Run, figure: Metric) -> float:
    """Return by how much the ratio of the two servers varies from block to block here."""
    by_cell = metrics.by_cell(run.trials)
    of = {cell.server: metrics.values(each, figure.column) for cell, each in by_cell.items()}
    shared = of[PLAIN].keys() & of[SLOWER].keys()
    return intervals.log_deviation([of[SLOWER][b] / of[PLAIN][b] for b in shared]) or 0.0


def passing(error: float, comparisons: int, wrong_most: int) -> float:
    """Return the chance that a proof lets pass comparisons with a true error."""
    from scipy.stats import binom

    return float(binom.cdf(wrong_most, comparisons, error))


def told(run: Run, names: Sequence[str]) -> Exit:
    """Print what was found, figure by figure; return whether it passes.

    A machine so noisy that a run of `RUN` blocks would seldom show 5 % decides nothing there.
    """
    failed = undecided = False
    for name in names:
        wrong, tested = false_alarms(run, METRICS[name])
        line = f"{name}: {wrong} of {tested} comparisons of a server with itself call it different"
        failed |= wrong > WRONG_MOST
        if name in TOLD_BY:
            right, runs = detections(run, METRICS[name])
            noise = spread(run, METRICS[name])
            needed = Foresight(noise).blocks_for(SLOWER_BY, SERVERS)
            line += f"; 5 % more CPU told apart in {right} of {runs} runs of {RUN} blocks"
            if right < TOLD_LEAST * runs / 10:
                able = needed is not None and needed <= RUN
                failed, undecided = failed or able, undecided or not able
            line += (
                f"; the ratio of two servers varies by {noise:.1%} from block to block here, so "
                f"that {needed or 'more than 500'} blocks would show it in 8 of 10 runs"
            )
        print(line)
    chances_told = ", ".join(
        f"{passing(error, tested, WRONG_MOST):.0%} of proofs at a true error of {error:.0%}"
        for error in (0.05, 0.10, 0.15)
    )
    print(
        f"asked: {WRONG_MOST} at most, and {TOLD_LEAST} of 10; the first passes in {chances_told}"
    )
    if undecided and not failed:
        print("undecided: this machine is too noisy today to show 5 % in such runs")
    return Exit.GATE if failed else Exit.UNDECIDED if undecided else Exit.MEASURED


def main() -> int:
    """Measure, unless the folder has a run already; return the status."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "results" / "proof"
    if not (folder / "run.json").exists():
        measure(folder)
    run = run_folder.read(folder)
    count = wording.count(len({t.block for t in run.trials}), "block", "blocks")
    print(f"{folder.name}: {count}")
    return told(run, FIGURES)


if __name__ == "__main__":
    sys.exit(main())
