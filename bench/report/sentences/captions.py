"""What each chart shows of a run, in a sentence made from its data; also its alternative text."""

from collections.abc import Callable

from bench.analysis import metrics
from bench.base import wording
from bench.pairs.pairwise import State
from bench.pairs.ranking import Ranking
from bench.report.scaling import laws, slopes
from bench.report.sentences import changes, cost, interpreters, works
from bench.report.view.cell_view import CellView, WorkloadView
from bench.report.view.run_view import RunView, Subject


def shows(kind: str, subject: Subject) -> str:
    """Return a sentence on what a chart of this kind shows of its subject."""
    return CAPTIONS[kind](subject)


def described(cell: CellView) -> str:
    """Return a cell's verdict and its notes in sentences; of a valid one the notes alone."""
    notes = [f"{note.name}: {note.sentence}" for note in cell.verdict.notes]
    if cell.verdict.valid and notes:
        return " ".join(f"With a remark, {note}" for note in notes)
    return " ".join([cell.verdict.sentence, *(f"Also {note}" for note in notes)])


def _throughput(subject: Subject) -> str:
    cells = sorted(subject.workload.ranked, key=lambda cell: -cell.value("throughput_rps"))
    if not cells:
        return "No result here is reliable enough to compare."
    sentence = f"{cells[0].server}: {cells[0].throughput()}"
    if len(cells) > 1:
        sentence += f", down to {cells[-1].server}: {cells[-1].throughput()}"
    return f"{sentence}."


def _ratio(subject: Subject) -> str:
    return _against_best(subject.workload.order)


def _cpu_ratio(subject: Subject) -> str:
    return _against_best(subject.workload.orders[metrics.METRICS["cpu"]])


def _against_best(order: Ranking) -> str:
    """Tell how many servers are told apart from the best."""
    others = [place.server for place in order.places if place.server != order.best]
    pairs = {name: pair for name in others if (pair := order.against_best(name))}
    named = {
        state: [name for name, pair in pairs.items() if pair.state is state] for state in State
    }
    if others and len(named[State.APART]) == len(others):
        ahead = "ahead of" if len(others) == 1 else f"ahead of all {len(others)} others,"
        return f"{order.best} is {ahead} {wording.listing(others)}."
    told = []
    if tied := named[State.TIED]:
        are = "is" if len(tied) == 1 else "are"
        told.append(f"{wording.listing(tied)} {are} tied with {order.best}.")
    if unknown := named[State.INCOMPARABLE]:
        told.append(f"{wording.listing(unknown)} cannot be compared with {order.best}.")
    return " ".join(told)


def _latency(subject: Subject) -> str:
    sentence = _extremes(subject.workload, "p99_us", wording.duration, "p99")
    absent = [cell.server for cell in subject.workload.cells if cell.response is None]
    sentence += f" Not drawn: {wording.listing(absent)}." if absent else ""
    if subject.workload.open_loop:
        return sentence
    return (
        f"{sentence} Closed loop hides stalls: nobody sends during one. Give a --rate to see them."
    )


def _service(subject: Subject) -> str:
    """Tell where response time is most above service time, at the end of both curves."""
    gaps = [
        (cell.response[1][-1] / cell.service[1][-1], cell)
        for cell in subject.workload.measured
        if cell.response and cell.service and cell.service[1][-1]
    ]
    if not gaps:
        return "Nothing to compare with response time."
    most, cell = max(gaps, key=lambda gap: gap[0])
    if most < 1.1:
        return (
            "Nowhere does response time end more than 10 % above it: nobody held up the schedule."
        )
    return f"For {cell.server} response time ends {wording.number(most)} times as high."


def _heat(subject: Subject) -> str:
    winners: dict[str, list[str]] = {}
    for workload in subject.workloads:
        winners.setdefault(workload.ranked[0].server, []).append(workload.label)
    winners_named = [f"{server} in {wording.listing(labels)}" for server, labels in winners.items()]
    return f"Best: {'; '.join(winners_named)}."


def _time(subject: Subject) -> str:
    """Name the server whose throughput sank lowest within a trial."""
    shares = []
    for cell in subject.workload.measured:
        for trial in cell.trials:
            replies = sorted(trial.result.series.replies) if trial.result is not None else []
            if replies and replies[len(replies) // 2]:
                shares.append((replies[0] / replies[len(replies) // 2], cell))
    if not shares:
        return "No trial kept its course."
    share, cell = min(shares, key=lambda pair: pair[0])
    if share > 0.7:
        return f"No 100 ms fell below {share:.0%} of the median of its trial."
    return f"Lowest: {cell.server}, which fell to {share:.0%} of its median within 100 ms."


def _pauses(subject: Subject) -> str:
    pauses = [
        (value, cell)
        for cell in subject.workload.measured
        for trial in cell.trials
        if trial.result is not None
        for value in trial.result.series.p99_us
        if value is not None
    ]
    if not pauses:
        return "No trial kept its course."
    worst, cell = max(pauses, key=lambda pair: pair[0])
    return f"The worst 100 ms were {cell.server}'s, with a p99 of {wording.duration(worst)}."


def _fairness(subject: Subject) -> str:
    indexes = [
        (value.value, cell)
        for cell in subject.workload.measured
        if (value := cell.estimate("fairness_jain")) is not None
    ]
    if not indexes:
        return "No trial counted replies per connection."
    index, cell = min(indexes, key=lambda pair: pair[0])
    even = [other.server for value, other in indexes if value >= 0.99]
    sentence = f"Least even: {cell.server}, with a Jain index of {index:.2f} (1 is even)."
    return sentence if index < 0.99 else f"All {len(even)} serve their connections evenly."


def _extremes(
    workload: WorkloadView, column: str, write: Callable[[float], str], of_what: str
) -> str:
    values = [(value.value, cell) for cell in workload.ranked if (value := cell.estimate(column))]
    if not values:
        return f"No ranked server has {of_what}."
    values.sort(key=lambda pair: pair[0])
    (least, first), (most, last) = values[0], values[-1]
    of_those = "" if len(workload.ranked) == len(workload.measured) else "Of the ranked: "
    lowest = "lowest" if of_those else "Lowest"
    sentence = f"{of_those}{lowest} {of_what}: {first.server}, {write(least)}"
    if len(values) > 1:
        sentence += f"; highest: {last.server}, {write(most)}"
        if least and 1.05 < most / least < 1000:
            sentence += f", {wording.digits(most / least, 2)} times that"
    return f"{sentence}."


def _us(value: float) -> str:
    return f"{wording.number(value)} µs"


def _mib(value: float) -> str:
    return f"{wording.number(value)} MiB"


def _per_second(value: float) -> str:
    return f"{wording.number(value)} /s"


def _cpu(subject: Subject) -> str:
    return _extremes(subject.workload, "cpu_us_per_request", _us, "CPU per request")


def _switches(subject: Subject) -> str:
    return _extremes(
        subject.workload, "ctx_switches_per_request", wording.number, "context switches per request"
    )


def _memory(subject: Subject) -> str:
    return _extremes(subject.workload, "memory_mib", _mib, "memory")


_THROUGHPUT = changes.over("throughput_rps", _per_second)
_GROWTH = changes.over("memory_mib", _mib)


def _scaling(axis: str) -> Callable[[Subject], str]:
    """Return what tells how throughput changes along an axis, and what limits it."""
    return lambda subject: " ".join([_THROUGHPUT(subject), *laws.told(subject, axis)])


def across(view: RunView) -> list[str]:
    """Return what workloads tell together: over work, and with connections that say nothing."""
    told = [f"{each.label}: {works.over_work(each)}" for each in view.work_sweeps()]
    return told + [
        f"{each.label}: {CAPTIONS[kind](each)}"
        for each in view.sweeps("idle")
        for kind in ("idle-memory", "idle-tail")
    ]


CAPTIONS: dict[str, Callable[[Subject], str]] = {
    "heat": _heat,
    "throughput": _throughput,
    "ratio": _ratio,
    "cpu-ratio": _cpu_ratio,
    "latency": _latency,
    "service": _service,
    "load": changes.load,
    "payload": _THROUGHPUT,
    "connections": _scaling("connections"),
    "pool": _scaling("pool_size"),
    "cpus": _scaling("cpus"),
    **dict.fromkeys(("tail", "pool-tail", "work-tail"), changes.over("p99_us", wording.duration)),
    **works.CAPTIONS,
    **interpreters.CAPTIONS,
    "work-cpu": changes.over("cpu_us_per_request", wording.duration),
    "cpu": _cpu,
    "cost": cost.nearest,
    "frontier": cost.ahead_in_both,
    "switches": _switches,
    "memory": _memory,
    "memory-time": cost.growing,
    "growth": slopes.told(slopes.MEMORY, _GROWTH),
    "idle-memory": slopes.told(slopes.IDLE_MEMORY, _GROWTH),
    "idle-tail": slopes.told(slopes.IDLE_P99, changes.over("p99_us", wording.duration)),
    "time": _time,
    "pauses": _pauses,
    "fairness": _fairness,
}
