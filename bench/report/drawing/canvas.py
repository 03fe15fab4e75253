"""A figure laid out in inches, whose marks know the server that they belong to."""

import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bench.base.estimate import Estimate
from bench.report.drawing import palette
from bench.report.view.cell_view import CellView

# Narrow enough to be read on a phone, where a page scales it to two thirds or so.
PANEL_IN = 4.9
# Of a figure that has a page's column to itself.
WIDE_IN = 7.6
FONT_PT = 9.0
# Average width of a character, generous for the digits and letters that we write.
CHARACTER_IN = 0.073
LINE_IN = 0.17
EDGE_IN = 0.12
# The SVG groups of title and explanation.
HEAD = "head"

STYLE: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "sans-serif"],
    "font.size": FONT_PT,
    "text.color": palette.INK[0],
    "axes.labelcolor": palette.MUTED[0],
    "axes.edgecolor": palette.RULE[0],
    "axes.titlesize": FONT_PT,
    "axes.labelsize": FONT_PT - 1,
    "xtick.color": palette.MUTED[0],
    "ytick.color": palette.MUTED[0],
    "xtick.labelsize": FONT_PT - 1,
    "ytick.labelsize": FONT_PT - 1,
    "grid.color": palette.RULE[0],
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.8,
    "lines.linewidth": 1.4,
    # Names are text, whatever signs they hold.
    "text.parse_math": False,
    # Text stays text: small, selectable, and in the page's font.
    "svg.fonttype": "none",
    # The same run gives the same file.
    "svg.hashsalt": "bench",
}


class Markable(Protocol):
    """Anything drawn that can carry a group's name into the SVG."""

    def set_gid(self, gid: str | None) -> None:
        """Name the SVG group."""


@dataclass(frozen=True)
class Mark:
    """Which server an SVG group belongs to, and what a pointer over it reads.

    faint: it stays in the background until it is asked for
    """

    server: int
    tip: str
    faint: bool = False


@dataclass(frozen=True)
class Margins:
    """Room around a panel's axes, in inches, and the height of the axes themselves."""

    left: float
    right: float
    bottom: float
    height: float

    @property
    def total(self) -> float:
        """Return the height that the panel takes with its title."""
        return self.height + self.bottom + 2 * LINE_IN


@dataclass
class Canvas:
    """One figure.

    head_share: part of its height that title and explanation take, which a page says itself
    marks: by SVG group, what it belongs to
    data: what is drawn, a row each: server, at what, value, and the ends of its interval
    """

    figure: Figure
    axes: list[Axes]
    head_share: float
    marks: dict[str, Mark] = field(default_factory=dict)
    data: list[tuple[str, str, float, float | None, float | None]] = field(default_factory=list)

    def mark(self, artist: Markable, cell: CellView, tip: str = "", *, faint: bool = False) -> None:
        """Remember that an artist belongs to a server."""
        gid = f"mark-{len(self.marks)}"
        artist.set_gid(gid)
        self.marks[gid] = Mark(cell.index, tip, faint)

    def record(self, cell: CellView, at: str, value: Estimate | None) -> None:
        """Remember a figure that is drawn, for who wants it as numbers."""
        if value is not None:
            self.data.append((cell.server, at, value.value, value.low, value.high))

    def size_in(self, axes: Axes) -> tuple[float, float]:
        """Return the width and the height of axes in inches."""
        (width, height), place = self.figure.get_size_inches(), axes.get_position()
        return float(width * place.width), float(height * place.height)

    @cached_property
    def svg(self) -> str:
        """The figure as SVG, with its text as text."""
        text = io.StringIO()
        with mpl.rc_context(STYLE):
            self.figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
        return text.getvalue()

    def png(self) -> bytes:
        """Return the figure as PNG, for a screen of double density."""
        data = io.BytesIO()
        with mpl.rc_context(STYLE):
            self.figure.savefig(data, format="png", dpi=150)
        return data.getvalue()


def compose(
    title: str,
    how: str,
    foot: str,
    panels: Sequence[tuple[str, Margins]],
    columns: int,
    panel_in: float = PANEL_IN,
) -> Canvas:
    """Make a figure with a title, a line on how to read it, a grid of panels and a foot.

    panel_in: the width of a panel. To be called, and drawn upon, in the context of `STYLE`.
    """
    rows = [panels[start : start + columns] for start in range(0, len(panels), columns)]
    heights = [max(margins.total for _, margins in row) for row in rows]
    width = panel_in * min(columns, len(panels))
    lines = textwrap.wrap(how, int((width - 2 * EDGE_IN) / (CHARACTER_IN * 0.9)))
    feet = textwrap.wrap(foot, int((width - 2 * EDGE_IN) / (CHARACTER_IN * 0.9)))
    head = 2 * EDGE_IN + LINE_IN * (1 + len(lines))
    height = head + sum(heights) + EDGE_IN + LINE_IN * len(feet)
    figure = Figure(figsize=(width, height), facecolor=palette.PAPER[0])
    FigureCanvasAgg(figure)
    _write(figure, EDGE_IN, EDGE_IN, title, size=FONT_PT + 2, weight="bold", gid=HEAD)
    for place, line in enumerate(lines):
        _write(figure, EDGE_IN, 2 * EDGE_IN + LINE_IN * (place + 1), line, muted=True, gid=HEAD)
    for place, line in enumerate(feet):
        _write(
            figure,
            EDGE_IN,
            height - EDGE_IN / 2 - LINE_IN * (len(feet) - place),
            line,
            muted=True,
        )
    axes, top = [], head
    for row, row_height in zip(rows, heights, strict=True):
        for column, (name, margins) in enumerate(row):
            left = column * panel_in
            _write(figure, left + EDGE_IN, top + LINE_IN * 0.6, name, weight="bold")
            axes.append(_axes(figure, left, top + 2 * LINE_IN, margins, panel_in))
        top += row_height
    return Canvas(figure, axes, (head - LINE_IN / 2) / height)


def _axes(figure: Figure, left: float, top: float, margins: Margins, panel_in: float) -> Axes:
    width, height = figure.get_size_inches()
    axes = figure.add_axes(
        (
            (left + margins.left) / width,
            1 - (top + margins.height) / height,
            (panel_in - margins.left - margins.right) / width,
            margins.height / height,
        ),
        facecolor="none",
    )
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0)
    axes.set_axisbelow(True)
    return axes


def _write(
    figure: Figure,
    left: float,
    top: float,
    text: str,
    *,
    size: float = FONT_PT,
    weight: str = "normal",
    muted: bool = False,
    gid: str | None = None,
) -> None:
    """Write a line whose upper left corner is at these inches from the figure's."""
    width, height = figure.get_size_inches()
    figure.text(
        left / width,
        1 - top / height,
        text,
        size=size - muted,
        weight=weight,
        va="top",
        color=palette.MUTED[0] if muted else palette.INK[0],
        gid=gid,
    )
