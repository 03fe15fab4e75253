"""The table of ratios that `make microbench` ends with: one row for each comparison."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

HEADINGS = ("", "ratio", "min", "max", "asked", "", "ours", "other", "unit")


@dataclass(frozen=True)
class Asked:
    """What a ratio has to be: at least or at most a value."""

    relation: str  # ">=" or "<="
    value: float

    def holds(self, found: float) -> bool:
        """Return whether a value is as asked."""
        return found >= self.value if self.relation == ">=" else found <= self.value

    def __str__(self) -> str:
        """Return it as the table prints it."""
        return f"{self.relation} {self.value:g}"


@dataclass(frozen=True)
class Row:
    """One comparison.

    values: the ratio ours / other of each round, or the figures themselves where `other` is None
    middle: of the values, what is held against `asked`
    ours, other: the sides' figures, in `unit`
    asked: None for what only informs
    """

    name: str
    values: tuple[float, ...]
    middle: float
    asked: Asked | None
    ours: float | None
    other: float | None
    unit: str

    @property
    def short(self) -> bool:
        """Return whether the row stays behind what is asked."""
        return self.asked is not None and not self.asked.holds(self.middle)

    def as_json(self) -> dict[str, Any]:
        """Return what a file keeps of it."""
        asked = str(self.asked) if self.asked else None
        return asdict(self) | {"asked": asked, "short": self.short}

    def cells(self) -> list[str]:
        """Return its line of the table."""
        digits = 1 if self.other is None else 3
        middle, lowest, highest = (
            f"{value:.{digits}f}" for value in (self.middle, min(self.values), max(self.values))
        )
        verdict = "" if self.asked is None else "MISSED" if self.short else "ok"
        sides = [figure(self.ours), figure(self.other)]
        asked = str(self.asked or "")
        return [self.name, middle, lowest, highest, asked, verdict, *sides, self.unit]


def ratios(
    name: str,
    ours: Sequence[float],
    other: Sequence[float],
    unit: str,
    asked: Asked | None = None,
) -> Row:
    """Return the row of figures that were taken side by side, one of each side in a round."""
    values = tuple(mine / its for mine, its in zip(ours, other, strict=True))
    sides = statistics.median(ours), statistics.median(other)
    return Row(name, values, statistics.median(values), asked, *sides, unit)


def figure(value: float | None) -> str:
    """Return a figure with as many digits as tell something."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def lines(rows: Sequence[Row]) -> list[str]:
    """Return the table: names and units to the left of their columns, figures to the right."""
    table = [list(HEADINGS), *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    left = {0, 5, len(HEADINGS) - 1}
    return [
        "  ".join(
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()
        for cells in table
    ]
