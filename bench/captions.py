"""What each chart shows of a run, in a sentence made from its data; also its alternative text."""

from collections.abc import Callable

from bench import words
from bench.views import CellView, WorkloadView


def shows(kind: str, workload: WorkloadView) -> str:
    """Return a sentence on what a chart of this kind shows for a workload."""
    return CAPTIONS[kind](workload)


def _throughput(workload: WorkloadView) -> str:
    cells = workload.ranked
    if not cells:
        return "No bar stands for its server here."
    told = f"{cells[0].server}: {cells[0].throughput()}"
    if len(cells) > 1:
        last = cells[-1]
        told += f", down to {last.server}: {last.throughput()}"
    return f"{told}."


def _extremes(
    workload: WorkloadView, column: str, write: Callable[[float], str], of_what: str
) -> str:
    found = [(value.value, cell) for cell in workload.ranked if (value := cell.estimate(column))]
    if not found:
        return f"No ranked server has {of_what}."
    found.sort(key=lambda pair: pair[0])
    (least, first), (most, last) = found[0], found[-1]
    told = f"Lowest {of_what}: {first.server}, {write(least)}"
    if len(found) > 1:
        told += f"; highest: {last.server}, {write(most)}"
        if least and 1.05 < most / least < 1000:
            told += f", {most / least:.2g} times that"
    return f"{told}."


def _latency(workload: WorkloadView) -> str:
    told = _extremes(workload, "p99_us", words.duration, "p99")
    absent = [cell.server for cell in workload.cells if cell.response is None]
    return told + (f" Not drawn: {words.listing(absent)}." if absent else "")


def _cpu(workload: WorkloadView) -> str:
    return _extremes(
        workload,
        "cpu_us_per_request",
        lambda value: f"{words.number(value)} µs",
        "CPU per request",
    )


def _memory(workload: WorkloadView) -> str:
    return _extremes(workload, "memory_mib", lambda value: f"{words.number(value)} MiB", "memory")


CAPTIONS: dict[str, Callable[[WorkloadView], str]] = {
    "throughput": _throughput,
    "latency": _latency,
    "cpu": _cpu,
    "memory": _memory,
}


def described(cell: CellView) -> str:
    """Return a cell's verdict and its notes in sentences."""
    notes = [f"{note.name}: {note.sentence}" for note in cell.verdict.notes]
    return " ".join([cell.verdict.sentence, *(f"Also {note}" for note in notes)])
