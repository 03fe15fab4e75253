"""How figures change along an axis, and where servers stop following what is offered."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.analysis import intervals
from bench.base import wording
from bench.base.estimate import Estimate
from bench.report.view.cell_view import CellView
from bench.report.view.run_view import Subject


@dataclass(frozen=True)
class Change:
    """A server's figure at the two ends of an axis, and the factor between, over shared blocks."""

    first: CellView
    last: CellView
    factor: Estimate

    def told(self, column: str, write: Callable[[float], str]) -> str:
        """Return `blocking 0.85 times (2,910 /s to 2,460 /s)`."""
        ends = " to ".join(write(cell.value(column)) for cell in (self.first, self.last))
        return f"{self.first.server} {wording.digits(self.factor.value, 2)} times ({ends})"


def over(column: str, write: Callable[[float], str]) -> Callable[[Subject], str]:
    """Return a caption on by what factor a figure changes from the first workload to the last.

    Of those that have a place at both: who leaves clients without an answer has no figure.
    """

    def caption(subject: Subject) -> str:
        found = _changes(subject, column)
        if not found:
            return "No server has figures that stand at both ends."
        most = max(found, key=lambda change: change.factor.value)
        least = min(found, key=lambda change: change.factor.value)
        ends = f"From {subject.workloads[0].label} to {subject.workloads[-1].label}"
        if most is least:
            return f"{ends}: {most.told(column, write)}."
        if not _surely_more(most.factor, least.factor):
            factors = " to ".join(wording.digits(c.factor.value, 2) for c in (least, most))
            return f"{ends}: {factors} times, no two of them surely different."
        largest, smallest = most.told(column, write), least.told(column, write)
        return f"{ends}: the largest factor is {largest}, the smallest {smallest}."

    return caption


def _changes(subject: Subject, column: str) -> list[Change]:
    found = []
    for cells in subject.by_server():
        ranked = [cell for cell in cells if cell.verdict.ranked]
        reaches = {cell.workload for cell in ranked} >= {
            subject.workloads[at].workload for at in (0, -1)
        }
        if len(ranked) < 2 or not reaches:
            continue
        first, last = ranked[0], ranked[-1]
        factor = intervals.ratio(last.by_block(column), first.by_block(column))
        if factor is not None:
            found.append(Change(first, last, factor))
    return found


def _surely_more(more: Estimate, less: Estimate) -> bool:
    return more.low is not None and less.high is not None and more.low > less.high


def load(subject: Subject) -> str:
    """Tell from which load on a server does not answer what is offered."""
    past: list[str] = []
    generator: list[str] = []
    for cells in subject.by_server():
        late = next((cell for cell in cells if not cell.follows), None)
        if late is not None:
            (generator if late.bound else past).append(_at(late))
    if not (past or generator):
        return "Every server answers the highest load offered."
    told = []
    if past:
        told.append(f"Past saturation, in requests/s offered: {wording.listing(past, 8)}.")
    if generator:
        told.append(f"There the generator did not keep up: {wording.listing(generator, 8)}.")
    return " ".join(told)


def _at(cell: CellView) -> str:
    return f"{cell.server} at {cell.workload.load.rate:,g}"
