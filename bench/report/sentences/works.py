"""What work does to servers, in sentences made from the data: crossovers, classes, hogs."""

import itertools

from bench.analysis import metrics
from bench.base import levels, wording
from bench.base.estimate import Estimate
from bench.pairs import crossover
from bench.pairs.crossover import Change, Point
from bench.report.charts.work import dots
from bench.report.view.cell_view import CellView, WorkloadView
from bench.report.view.run_view import Subject, work_us

# Sentences on pairs in one caption; the others are counted.
PAIRS_MOST = 8
# A share of the ideal that the noise of a measurement does not explain.
BEYOND_IDEAL = 1.03


def over_work(subject: Subject) -> str:
    """Return where the order of servers changes with the work, and how near the ideal they come."""
    told = crossovers(subject)
    most = wording.tick(work_us(subject.workloads[-1]))
    told = told or [f"No crossover in this range (up to {most} of work a request)."]
    more = len(told) - PAIRS_MOST
    shown = told[:PAIRS_MOST] + ([f"And {more} more pairs change."] if more > 0 else [])
    return " ".join([*shown, _to_the_ideal(subject)]).strip()


def crossovers(subject: Subject) -> list[str]:
    """Return a sentence for each pair of servers whose order changes, changes of lead first."""
    names = list(dict.fromkeys(c.server for item in subject.workloads for c in item.ranked))
    found: list[tuple[bool, str]] = []
    for first, second in itertools.combinations(names, 2):
        points = [p for item in subject.workloads if (p := _point(item, first, second))]
        found += [
            (change.before * change.beyond == 0, _told(first, second, change))
            for change in crossover.changes(points, levels.EQUIVALENT)
        ]
    return [sentence for _, sentence in sorted(found, key=lambda each: each[0])]


def _point(item: WorkloadView, first: str, second: str) -> Point | None:
    """Return two servers under one amount of work; None where they are not both ranked."""
    pair = item.order.between(first, second)
    cells = {cell.server: cell for cell in item.ranked}
    if pair is None or pair.ratio is None:
        return None
    figure = metrics.leading(item.workload)
    sign = 1 if figure.more_is_better else -1
    one, other = (cells[name].by_block(figure.column) for name in (first, second))
    blocks = sorted(one.keys() & other.keys())
    ratios = metrics.logs(one, other)
    if len(ratios) < len(blocks):
        return None  # a block without a reply has no ratio
    better = 1 if pair.ratio.value > 1 else -1
    lead = sign * better if pair.apart else 0
    return Point(work_us(item), {b: sign * r for b, r in zip(blocks, ratios, strict=True)}, lead)


def _told(first: str, second: str, change: Change) -> str:
    leader, other = (first, second) if change.before >= 0 else (second, first)
    at = wording.spanned(change.at)
    if change.before and change.beyond:
        return f"{leader} leads {other} up to {at} of work a request; beyond that {other} leads."
    within = f"{float(levels.EQUIVALENT):.0%}"
    if change.before:
        return (
            f"{leader} leads {other} by more than {within} up to {at} of work a request; beyond "
            "that they are tied."
        )
    leader, other = (first, second) if change.beyond > 0 else (second, first)
    return (
        f"{leader} and {other} are tied up to {at} of work a request; beyond that {leader} leads "
        f"by more than {within}."
    )


def _to_the_ideal(subject: Subject) -> str:
    """Tell who comes nearest to the ideal at the most work, and who stays furthest from it."""
    last = subject.workloads[-1]
    if last.ideal_rps is None:
        return ""
    shares = [
        (estimate.value / last.ideal_rps, cell.server)
        for cell in last.ranked
        if (estimate := cell.estimate("throughput_rps")) is not None
    ]
    if not shares:
        return ""
    best, worst = max(shares), min(shares)
    sentence = f"Of the ideal at {wording.tick(work_us(last))}: {best[1]} {best[0]:.0%}"
    sentence += f", down to {worst[1]} {worst[0]:.0%}." if best != worst else "."
    if best[0] <= BEYOND_IDEAL:
        return sentence
    return f"{sentence} Beyond 100%: the CPU was faster than when the work was measured out."


def of_mixture(workload: WorkloadView) -> list[str]:
    """Return what is to be said of the two classes of a workload, nothing if it is no mixture."""
    return [of_classes(Subject("", (workload,)))] if workload.workload.mixture else []


def of_classes(subject: Subject) -> str:
    """Tell which servers keep their light requests from waiting for the heavy ones."""
    workload = subject.workload
    work = workload.workload.work
    assert work is not None
    known = [
        (estimate, cell)
        for cell in sorted(workload.measured, key=lambda cell: cell.value("light_p99_us"))
        if cell.verdict.ranked and (estimate := cell.estimate("light_p99_us")) is not None
    ]
    if not known:
        return "No ranked server has a p99 of its light requests."
    lengths = f"the {wording.tick(work.us)} of a heavy one"
    below = [_with_time(e, cell) for e, cell in known if (e.high or e.value) < work.us]
    above = [_with_time(e, cell) for e, cell in known if (e.low or e.value) >= work.us]
    sentences = []
    if below:
        sentences.append(f"p99 of the light requests stays below {lengths} with {_list(below)}.")
    if above:
        what = "It" if below else "p99 of the light requests"
        sentences.append(f"{what} is {lengths} or more with {_list(above)}.")
    unsure = f"p99 of the light requests is not told apart from {lengths}, with any server."
    return " ".join(sentences) or unsure


def _with_time(estimate: Estimate, cell: CellView) -> str:
    return f"{cell.server} ({wording.duration(estimate.value)})"


def _list(names: list[str]) -> str:
    return wording.listing(names, 6)


def of_hogs(subject: Subject) -> str:
    """Tell whose p99 grows most beside a hog, and whose least."""
    grown = []
    for cells in subject.by_server():
        alone = [c for c in cells if c.workload.hog is None and c.estimate("p99_us")]
        beside = [c for c in cells if c.workload.hog is not None and c.estimate("p99_us")]
        if alone and beside:
            worst = max(beside, key=lambda cell: cell.value("p99_us"))
            grown.append((worst.value("p99_us") / alone[0].value("p99_us"), worst, alone[0]))
    if not grown:
        return "No server has a p99 both alone and beside a hog."
    ends = [max(grown, key=lambda each: each[0]), min(grown, key=lambda each: each[0])]
    told = [
        f"{worst.server}, p99 from {wording.duration(alone.value('p99_us'))} to "
        f"{wording.duration(worst.value('p99_us'))} ({dots.condition(worst.workload)})"
        for _, worst, alone in (ends[:1] if ends[0][1] is ends[1][1] else ends)
    ]
    return f"Suffers most: {'; least: '.join(told)}."


CAPTIONS = {"classes": of_classes, "work": over_work, "hog": of_hogs}
