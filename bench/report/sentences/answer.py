"""What the data of a run says, in sentences: the ranking with its ties, its cost, the doubts."""

from collections.abc import Sequence

from bench.analysis import metrics
from bench.base import levels, wording
from bench.report.sentences import cost, doubt, interpreters, lead
from bench.report.view.cell_view import CellView, WorkloadView
from bench.report.view.run_view import RunView
from loadgen.result import Wait

ASLEEP = (
    "Measured by a generator that sleeps: with few connections the times are those of its own "
    "waking (docs/methodology.md). Measure again to compare."
)


def cautions(view: RunView) -> list[str]:
    """Return what holds against all figures of a run, a sentence or two for each."""
    header = view.run.header
    asleep = header.config.generator_wait is Wait.SLEEP
    shared = header.cpus is not None and header.cpus.shared
    # On a shared CPU a generator has to sleep, and the run has its own mark for that.
    told = [ASLEEP] if asleep and not shared else []
    if header.looks > 1:
        error = levels.ERROR / header.looks**levels.LOOKS
        told.append(
            f"Blocks were added after a look, {header.looks - 1} times: pairs are tested at "
            f"{error:.1%} instead of {levels.ERROR:.0%}, so that who adds until servers are apart "
            "calls equal ones different in 8% of runs at most."
        )
    return told + interpreters.locked(view)


def answer(view: RunView, workload: WorkloadView) -> list[str]:
    """Return a few sentences: who is first, at what cost, and what is not sure."""
    cells = workload.ranked
    if not cells:
        return [*_nobody(workload), *_left_out(workload)]
    # Of nobody who is not first is it told what the first costs.
    of_the_first = [] if doubt.untold(workload) else cost.of_the_first(workload)
    beside_native = cost.beside_native(workload) if of_the_first else []
    return [
        lead.first(workload),
        *_follows(workload),
        *of_the_first,
        *_peaks(view, workload),
        *beside_native,
        *cost.costly(cells),
        *_unsure(cells, workload),
        *_left_out(workload),
    ]


def _follows(workload: WorkloadView) -> list[str]:
    """Tell in open loop who keeps up with the offered load, and where the generator did not."""
    cells = workload.ranked
    if not cells[0].open_loop:
        return []
    late = [cell for cell in cells if not cell.follows]
    slow = [cell.server for cell in late if not cell.bound]
    told = [f"{wording.listing(slow)} cannot keep up with the load offered."] if slow else []
    if behind := [cell for cell in late if cell.bound]:
        sent = [cell.value("achieved_rps") for cell in behind]
        ends = " to ".join(dict.fromkeys(wording.number(end) for end in (min(sent), max(sent))))
        told.append(
            f"Offered {cells[0].workload.load.rate:,g}/s, the generator managed {ends}/s of "
            f"{wording.listing([cell.server for cell in behind])}: latency there is its own."
        )
    if not late and len(cells) > 1:
        told.append("All of those ranked keep up with the load offered.")
    return told


def _peaks(view: RunView, workload: WorkloadView) -> list[str]:
    """Tell what was reached in closed loop before the rate was chosen, for what that is worth."""
    calibration = view.run.header.calibration
    peaks = None if calibration is None else calibration.peaks_rps.get(workload.workload.name)
    if not peaks:
        return []
    ordered = sorted(peaks, key=peaks.__getitem__)
    ends = " to ".join(
        f"{wording.number(peaks[name])} ({name})" for name in (ordered[-1], ordered[0])
    )
    sentence = f"With nothing held back they reached {ends} requests/s in one short look"
    if workload.workload.load.requests_per_connection is None:
        return [f"{sentence}."]
    return [
        f"{sentence}: a maximum that depends on when a client dials and hangs up, and no property "
        "of the server alone."
    ]


def _unsure(cells: Sequence[CellView], workload: WorkloadView) -> list[str]:
    sentences = []
    order = workload.order
    if bound := [cell.server for cell in cells if cell.bound]:
        names = wording.listing(bound)
        sentences.append(
            f"The generator was late for {names}: their times are partly its own."
            if workload.open_loop
            else f"The generator was the limit for {names}: lower bounds, shown as ≥."
        )
        if order.figure is metrics.THROUGHPUT:
            sentences += lead.by_cpu(workload)
    if order.dependence:
        sentences.append(
            f"Neighbouring blocks were alike (correlation up to {order.dependence:.2f}): intervals "
            "are wider for it."
        )
    if order.floor is not None and order.floor.extent:
        sentences.append(
            f"Noise floor: the same server measured twice differed by up to "
            f"{order.floor.extent:.1%} more than chance has it; smaller differences do not count."
        )
    return sentences


def _left_out(workload: WorkloadView) -> list[str]:
    by_name: dict[str, list[str]] = {}
    for cell in workload.cells:
        if not cell.ranked and cell is not workload.native:
            by_name.setdefault(_why_unranked(cell), []).append(cell.server)
    if not by_name:
        return []
    parts = [f"{wording.listing(servers)} ({name})" for name, servers in by_name.items()]
    return [f"Not ranked: {'; '.join(parts)}."]


def _why_unranked(cell: CellView) -> str:
    """Return the verdict that forbids a place, or the figure that a ranked verdict lacks."""
    if not cell.verdict.ranked:
        return cell.verdict.name
    if cell.leading.endswith("p99_us"):
        return "no p99: a trial needs 1,000 requests; give --duration more"
    return "no figure in most of its trials"


def _nobody(workload: WorkloadView) -> list[str]:
    if not workload.measured and all(not cell.trials for cell in workload.cells):
        return ["Nothing was measured before the run ended."]
    return ["No server can be ranked: none has figures that stand for it."]
