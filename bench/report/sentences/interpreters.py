"""What the interpreters of a run do to its servers, in sentences made from the data."""

from bench.analysis.metrics import Metric
from bench.base import wording
from bench.pairs.pairwise import Pair, State
from bench.report.charts import ratios
from bench.report.view import by_python
from bench.report.view.cell_view import CellView
from bench.report.view.run_view import RunView, Subject


def locked(view: RunView) -> list[str]:
    """Tell whose GIL was on at the end, although its interpreter begins without one."""
    begun = {entry.name for entry in view.run.header.config.servers if entry.gil is False}
    names = [entry.name for entry in view.run.entries if entry.gil and entry.name in begun]
    if not names:
        return []
    return [
        f"{wording.listing(names)}: the interpreter begins without a GIL, and had it on at the "
        "end, because an import turned it on; threads there took turns, and what is said of a "
        "free-threaded build does not hold."
    ]


def beside_base(subject: Subject) -> str:
    """Tell what each interpreter does to the CPU per request of the servers."""
    return _told(subject, ratios.cpu(subject))


def rank_beside_base(subject: Subject) -> str:
    """Tell what each interpreter does to the figure that ranks the servers."""
    return _told(subject, ratios.leading(subject))


def _told(subject: Subject, figure: Metric) -> str:
    by_name: dict[str, list[tuple[CellView, Pair]]] = {}
    for group in by_python.groups(subject.workload, figure):
        for cell, pair in group.others:
            by_name.setdefault(cell.python, []).append((cell, pair))
    base = subject.workload.base
    sentences = [_of(name, base, beside, figure) for name, beside in by_name.items()]
    return " ".join(sentences) or f"No server can be compared with itself under {base}."


def _of(name: str, base: str, beside: list[tuple[CellView, Pair]], figure: Metric) -> str:
    """Return `py314 beside own, CPU per request: less with a (0.90) and b (0.92); tied with c.`."""
    more, less = (
        [_with(cell, pair) for cell, pair in beside if pair.apart and _above(pair) is above]
        for above in (True, False)
    )
    states = {
        state: [cell.model for cell, pair in beside if pair.state is state]
        for state in (State.TIED, State.INCOMPARABLE)
    }
    parts = [
        *([f"less with {wording.listing(less, 6)}"] if less else []),
        *([f"more with {wording.listing(more, 6)}"] if more else []),
        *(
            f"{state} with {wording.listing(models, 6)}"
            if state is State.TIED
            else f"{state}: {wording.listing(models, 6)}"
            for state, models in states.items()
            if models
        ),
    ]
    return f"{name} beside {base}, {ratios.WORDS[figure.name]}: {'; '.join(parts)}."


def _above(pair: Pair) -> bool:
    return pair.ratio is not None and pair.ratio.value > 1


def _with(cell: CellView, pair: Pair) -> str:
    assert pair.ratio is not None
    return f"{cell.model} ({wording.digits(pair.ratio.value, 2)} times)"


CAPTIONS = {"interpreters": beside_base, "interpreters-rank": rank_beside_base}
