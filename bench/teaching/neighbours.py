"""Each page on a model: which servers stand beside it, and what a published run says of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.analysis import metrics
from bench.base import wording
from bench.pairs.pairwise import Answer, Pair, Reason
from bench.report.charts.beside.picture import panels
from bench.report.sentences import doubt, lead
from bench.report.view.cell_view import CellView, WorkloadView
from bench.report.view.restricted import restricted
from bench.report.view.run_view import RunView
from bench.verdicts.verdict import Name

BEGIN, END = "<!-- written by `make docs` -->", "<!-- until here -->"
# What a figure is called, and what a multiple of another server's is.
FIGURES = {
    "throughput": ("requests/s", "as many requests/s"),
    "light_p99": ("the p99 of light requests", "its p99 of light requests"),
    "cpu": ("CPU time per request", "the CPU time per request"),
}


@dataclass(frozen=True)
class Beside:
    """The servers of a page: its model first, then its neighbours.

    run: a folder below `results/reference`; workload: its label there
    """

    servers: tuple[str, str, str]
    run: str = "catalogue"
    workload: str = "kept"


PAGES = {
    "anyio": Beside(("anyio", "trio", "asyncio-streams")),
    "asyncio": Beside(("asyncio-protocol", "asyncio-streams", "selectors-default")),
    "blocking": Beside(("blocking", "thread-pool", "thread-per-client")),
    "busy-poll": Beside(("busy-poll", "selectors-default", "asyncio-protocol")),
    "fork-per-client": Beside(("fork-per-client", "thread-per-client", "process-pool")),
    "gevent": Beside(("gevent", "thread-per-client", "asyncio-streams")),
    "interpreter-pool": Beside(
        ("py314:interpreter-pool", "py314:process-pool", "py314:thread-pool"),
        *("interpreters", "kept-none"),
    ),
    "native": Beside(("native", "selectors-default", "uvloop-protocol")),
    "offload": Beside(
        ("asyncio-to-thread", "asyncio-protocol", "asyncio-process-pool"), "work", "mixture"
    ),
    "per-core": Beside(("uvloop-per-core", "uvloop-protocol", "selectors-per-core")),
    "process-pool": Beside(("process-pool", "thread-pool", "fork-per-client")),
    "selectors": Beside(("selectors-default", "thread-per-client", "asyncio-protocol")),
    "thread-per-client": Beside(("thread-per-client", "thread-pool", "selectors-default")),
    "thread-pool": Beside(("thread-pool", "thread-per-client", "process-pool")),
    "tornado": Beside(("tornado", "asyncio-streams", "twisted")),
    "trio": Beside(("trio", "asyncio-streams", "anyio")),
    "twisted": Beside(("twisted", "asyncio-protocol", "tornado")),
    "uvloop": Beside(("uvloop-protocol", "asyncio-protocol", "selectors-default")),
}


def of_page(view: RunView, beside: Beside) -> WorkloadView:
    """Return the workload of a page with its servers alone; raises StopIteration without it."""
    few = restricted(view, beside.servers)
    return next(item for item in few.workloads if item.label == beside.workload)


def block(page: str, beside: Beside, workload: WorkloadView) -> str:
    """Return what a page says of the run: the picture, and its sentences."""
    names = wording.listing([f"`{name}`" for name in beside.servers[1:]])
    run = f"../../results/reference/{beside.run}/report.md"
    titles = ", ".join(kind.title for kind in panels(workload))
    shown = f"{beside.servers[0]} beside {wording.listing(list(beside.servers[1:]))}"
    return "\n\n".join(
        [
            BEGIN,
            f"Beside {names}: {workload.described()} ([the whole run, every model]({run})).",
            f"![{shown}: {titles}](charts/{page}.svg)",
            " ".join(sentences(workload, beside.servers)),
            END,
        ]
    )


def put(text: str, written: str) -> str:
    """Return a page with this block in the place of the one that it has.

    Raises:
        ValueError: it has no place for one
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"has no lines {BEGIN} and {END}")
    return before + written + after


def sentences(workload: WorkloadView, servers: Sequence[str]) -> Iterator[str]:
    """Yield what the run says of the first of these servers, alone and beside each other one."""
    cells = {cell.server: cell for cell in workload.cells}
    model, *others = (cells[name] for name in servers)
    yield alone(model)
    why = doubt.untold(workload) if model.ranked and len(workload.ranked) > 1 else ""
    if why:
        yield f"Who is ahead cannot be told here: {why}."
    for other in others:
        if not model.ranked or not other.ranked:
            yield _unranked(model, other)
        elif not why:
            yield _ranked(workload, model, other)


def alone(cell: CellView) -> str:
    """Return the figures of a server, and what holds against them."""
    if not cell.metrics:
        return f"`{cell.server}` has no figures here: {cell.verdict.reason}."
    told = [lead.in_figures(cell)]
    cost, memory = cell.estimate("cpu_us_per_request"), cell.estimate("memory_mib")
    told += [] if cost is None else [f"{wording.interval(cost)} of CPU time each"]
    told += [] if memory is None else [f"{wording.number(memory.value)} MiB of memory"]
    reason = cell.verdict.reason
    against = f" It is `{cell.verdict.name}`: {reason[:1].lower()}{reason[1:]}."
    return f"`{cell.server}` came to {', '.join(told)}." + ("" if cell.verdict.valid else against)


def _ranked(workload: WorkloadView, model: CellView, other: CellView) -> str:
    """Tell how two servers stand to each other, in what ranks them and in CPU time."""
    names = dict.fromkeys((metrics.leading(workload.workload).name, "cpu"))
    pairs = {
        name: workload.orders[metrics.METRICS[name]].between(model.server, other.server)
        for name in names
    }
    parts = [stands(pair, *FIGURES[name]) for name, pair in pairs.items() if pair is not None]
    return f"Against `{other.server}`: {'; '.join(parts) or 'no comparison'}."


def stands(pair: Pair, figure: str, multiple: str) -> str:
    """Return how the first of a pair stands to the second in a figure."""
    if pair.because is Reason.BOUND:
        return f"no comparison in {figure}, for the generator was the limit"
    if pair.ratio is None or pair.because is Reason.ONE_BLOCK:
        return f"no comparison in {figure}, for want of blocks"
    if pair.answer is Answer.APART:
        return f"{wording.ranged(pair.ratio, ' times', sided=True)} {multiple}"
    if pair.answer is Answer.EQUIVALENT:
        return f"the same in {figure}, within {pair.margin:.0%}"
    return f"no difference in {figure} is shown ({wording.times(pair.ratio)})"


def _unranked(model: CellView, other: CellView) -> str:
    """Tell why the speeds of two servers are not compared, or the other's figures alone."""
    starved = [c for c in (model, other) if c.metrics and c.verdict.name is Name.STARVED]
    if not starved:
        return alone(other)
    few = wording.listing([f"`{cell.server}` serves {cell.at_once(' of ')}" for cell in starved])
    return f"Beside `{other.server}` no speed is compared: {few} clients at once."
