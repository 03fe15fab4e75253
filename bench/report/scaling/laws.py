"""The law of each server over a sweep, and its words."""

from functools import cache

from bench.analysis import scaling
from bench.analysis.scaling import Law
from bench.base import wording
from bench.base.estimate import Estimate
from bench.report.view.cell_view import CellView
from bench.report.view.run_view import Subject

# The axes along which something is added that shares the work, and what one of it is called.
AXES = {"connections": "connections", "pool_size": "workers", "cpus": "CPUs"}
# More than these in a caption are a wall.
TOLD_MOST = 4


def of(cells: list[CellView], axis: str) -> Law | None:
    """Return the law of a server over an axis, by the throughput of its trials that stand."""
    sound = tuple(
        (float(cell.workload.axes[axis]), tuple(cell.by_block("throughput_rps").values()))
        for cell in cells
        if cell.verdict.ranked and not cell.bound and cell.workload.axes[axis]
    )
    return _fitted(sound)


@cache
def _fitted(points: tuple[tuple[float, tuple[float, ...]], ...]) -> Law | None:
    return scaling.fit(dict(points))


def told(subject: Subject, axis: str) -> list[str]:
    """Return what limits each server, where the law fits; and whom it does not fit."""
    laws = [(cells[0].server, law) for cells in subject.by_server() if (law := of(cells, axis))]
    sentences = [_sentence(server, law, AXES[axis]) for server, law in laws if law.fits]
    more = len(sentences) - TOLD_MOST
    if more > 0:
        sentences[TOLD_MOST:] = [f"And {more} more."]
    strangers = [server for server, law in laws if not law.fits]
    if strangers:
        sentences.append(
            "The law of scaling (Gunther's) does not fit "
            f"{wording.listing(strangers, TOLD_MOST)}: nothing is drawn of it."
        )
    return sentences


def _sentence(server: str, law: Law, what: str) -> str:
    contention, most = law.contention, law.most
    limits = f"{_percent(contention)} of its work is done one after the other"
    if most is not None:
        ends = f"{wording.number(most.low or 0)} to {wording.number(most.high or 0)}"
        return (
            f"{server}: {limits}, and each pair of {what} costs {_percent(law.coherency)}: it "
            f"answers most with {wording.number(most.value)} {what} ({ends}); more make it slower."
        )
    if contention.low:
        ceiling = law.rate.value / contention.value
        return f"{server}: {limits}, which bounds it to {wording.number(ceiling)} requests/s."
    return f"{server}: nothing is seen that would limit it within these {what}."


def _percent(part: Estimate) -> str:
    ends = f"{wording.number((part.low or 0) * 100)} to {wording.number((part.high or 0) * 100)}"
    return f"{wording.number(part.value * 100)} % ({ends})"
