"""Two models beside each other on a terminal, drawn between trials only."""

from collections.abc import Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bench.base import wording
from bench.teaching.standing import STEPS, STEPS_PLAIN, Standing, columns

# Narrower, one side stands below the other.
WIDE = 76
# What a panel's frame and the space beside it take.
FRAME = 4
# Lines that replies over time are drawn in.
HEIGHT = 4
# The two sides, told apart by their place and their name as well.
STYLES = ("cyan", "yellow")


def letters(console: Console) -> str:
    """Return the steps of a line that a terminal has the letters for."""
    try:
        STEPS.encode(console.encoding)
    except (UnicodeEncodeError, LookupError):
        return STEPS_PLAIN
    return STEPS


def picture(sides: Sequence[Standing], head: str, width: int, steps: str) -> RenderableType:
    """Return both sides as far as they are, on one scale, for so many columns."""
    top = max((pace for side in sides for pace in side.paces), default=0.0)
    beside = width >= WIDE
    each = width // 2 if beside else width
    panels = [
        _panel(side, top, each - FRAME, steps, style)
        for side, style in zip(sides, STYLES, strict=True)
    ]
    if not beside:
        return Group(Text(head), *panels)
    grid = Table.grid(expand=False)
    for _ in panels:
        grid.add_column(width=each)
    grid.add_row(*panels)
    return Group(Text(head), grid)


def _panel(side: Standing, top: float, width: int, steps: str, style: str) -> Panel:
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim", no_wrap=True)
    rows.add_column(overflow="fold")
    for name, value in side.rows:
        rows.add_row(name, Text(value, style="bold"))
    summary = Text(side.summary, style="dim", no_wrap=True, overflow="crop")
    drawn = "\n".join(columns(side.paces, top, width, HEIGHT, steps))
    scale = f"100 ms a column, 0 to {wording.number(top)}/s" if top else ""
    pieces: list[RenderableType] = [
        *(summary, rows, Text()),
        *(Text(drawn, style=style, no_wrap=True), Text(scale, style="dim")),
    ]
    if side.trouble:
        pieces.append(Text(side.trouble, style="red"))
    frame = box.ROUNDED if steps == STEPS else box.ASCII
    title = Text(side.server, style=f"bold {style}")
    return Panel(Group(*pieces), title=title, title_align="left", box=frame)
