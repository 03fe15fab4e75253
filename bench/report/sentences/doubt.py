"""Whether a run can say who is best: else why it cannot, and what would do."""

from collections import Counter
from collections.abc import Iterable, Sequence

from bench.base import levels, limits, wording
from bench.pairs.pairwise import Answer, Pair, Reason
from bench.report.view.cell_view import CellView, WorkloadView
from bench.report.view.run_view import RunView
from bench.verdicts.disturbance import disturbance

# Nobody waits for more than this.
BLOCKS_MOST = 500


def untold(workload: WorkloadView) -> str:
    """Return why nobody can be named as best under a workload, empty if somebody can.

    One server alone, or servers that are all equivalent, are an answer.
    """
    cells = workload.ranked
    if not cells:
        return "nobody has figures that stand"
    if disturbed := _disturbed(cells):
        return disturbed
    if len(cells) == 1:
        return ""
    if max(len(cell.metrics) for cell in cells) < 2:
        return "one trial tells nobody apart: measure with more trials"
    pairs = beside_best(workload)
    if len(pairs) < len(cells) - 1 or all(pair.answer is Answer.EQUIVALENT for pair in pairs):
        return ""
    if all(pair.because is Reason.BOUND for pair in pairs):
        return "the generator was the limit, and any of them may do more: give it more CPUs"
    return f"none of the {len(cells)} is told apart from the best: {shown(pairs)}"


def banner(view: RunView) -> str:
    """Return what is to be said of a run in which nobody can be named anywhere; else empty."""
    measured = [item for item in view.workloads if item.measured]
    why = {item.label: untold(item) for item in measured}
    if not measured:
        names = Counter(cell.verdict.name for cell in view.cells.values())
        told = wording.listing([f"{many} {name}" for name, many in names.most_common()])
        return f"No order can be told here: no cell has figures ({told})." if names else ""
    if not all(why.values()):
        return ""
    labels: dict[str, list[str]] = {}
    for label, reason in why.items():
        labels.setdefault(reason, []).append(label)
    if len(labels) == 1:
        return f"No order can be told here: {next(iter(labels))}."
    told = "; ".join(f"{wording.listing(of)}: {reason}" for reason, of in labels.items())
    return f"No order can be told here. {told[:1].upper()}{told[1:]}."


def beside_best(workload: WorkloadView) -> list[Pair]:
    """Return the best beside each of those that it is not told apart from."""
    order = workload.order
    pairs = (order.against_best(place.server) for place in order.places)
    return [pair for pair in pairs if pair and pair.first != pair.second and not pair.apart]


def _disturbed(cells: Sequence[CellView]) -> str:
    """Return what others did to most trials of every cell, empty where one is free of it."""
    reasons = [_reasons(cell) for cell in cells]
    if not all(reasons):
        return ""
    trials = "most trials of every server" if len(cells) > 1 else "most trials"
    return f"{trials} were disturbed ({reasons[0][0]}); measure again on a quiet machine"


def _reasons(cell: CellView) -> list[str]:
    """Return what disturbed the trials of a cell; nothing where most of them were left alone."""
    found = [words for trial in cell.trials if (words := disturbance(trial))]
    return found if len(found) > limits.MAJORITY * len(cell.trials) else []


def shown(pairs: Sequence[Pair]) -> str:
    """Return how far apart they came out, what would have been shown, and what would show more."""
    detectable = [pair.detectable for pair in pairs if pair.detectable is not None]
    if not detectable:
        return "they have no two blocks in common"
    ends = dict.fromkeys(wording.difference(size) for size in (min(detectable), max(detectable)))
    text = f"this run would have shown {' to '.join(ends)}"
    if len(pairs) == 1 and pairs[0].ratio is not None:
        text = f"{wording.times(pairs[0].ratio)}, no sure difference, where {text}"
    return text + _more(pairs)


def _more(pairs: Iterable[Pair]) -> str:
    """Return how many more blocks would show what is worth showing, after a semicolon."""
    many = max((more for pair in pairs if (more := pair.more_blocks())), default=0)
    if not many:
        return ""
    blocks = wording.count(many, "more block", "more blocks")
    blocks = blocks if many <= BLOCKS_MOST else f"more than {BLOCKS_MOST} more blocks"
    return f"; {blocks} would show {levels.WANTED:.0%}"
