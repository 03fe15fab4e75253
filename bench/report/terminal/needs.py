"""The answer of a run on a terminal: for each need what to take, and whether it matters."""

from collections.abc import Iterator

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bench.base import wording
from bench.report.decision import choice
from bench.report.decision.choice import Choice
from bench.report.decision.matter import REQUESTS_MS, Gap
from bench.report.sentences import doubt
from bench.report.view.run_view import RunView


def answer(view: RunView) -> Group:
    """Return the banner where nobody can be named anywhere, then a few lines for each need."""
    banner = doubt.banner(view)
    pieces: list[Text | Padding] = [Text(f"{banner}\n", style="bold")] if banner else []
    for each in [] if banner else choice.of(view):
        grid = Table.grid(padding=(0, 1, 0, 0))
        grid.add_column(no_wrap=True, style="dim")
        grid.add_column(overflow="fold")
        for title, text in _lines(each):
            grid.add_row(title, Text(text))
        pieces.append(Text.assemble((each.need, "bold"), f" ({each.label})"))
        pieces.append(Padding(grid, (0, 0, 1, 2)))
    return Group(*pieces)


def _lines(each: Choice) -> Iterator[tuple[str, str]]:
    """Yield title and text of what there is to say of a need."""
    yield "take", each.take or f"no order can be told: {each.untold}"
    if each.simpler:
        yield "simpler", "; ".join(each.simpler)
    if each.avoid:
        yield "avoid", "; ".join(each.avoid)
    if each.gap and each.gap.gap_us is not None:
        yield "matters?", _matters(each.gap)


def _matters(gap: Gap) -> str:
    """Return `7.3 µs a request to the second, x: 7.3 % of a request of 100 µs, ...`."""
    lengths = (wording.tick(length_ms * 1000) for length_ms in REQUESTS_MS)
    shares = [f"{share} of {length}" for share, length in zip(gap.shares, lengths, strict=True)]
    return f"{gap.text} to {gap.second}: {wording.listing(shares)} of work"
