"""How a server looks: a colour and a marker for its family, a shade and a dash for its variant.

And the roles that a page recolours for the dark.
"""

from dataclasses import dataclass
from typing import Any

# Okabe and Ito's set for the card's families and the most common others. On a light ground, on a
# dark one.
FAMILIES: dict[str, tuple[str, str]] = {
    "blocking": ("#6b6f76", "#8b929c"),
    "thread-per-client": ("#e69f01", "#f0b429"),
    "process-pool": ("#cc79a6", "#f0b6d8"),
    "selectors": ("#009e74", "#2cc79a"),
    "asyncio": ("#0072b3", "#4fb0ea"),
    "uvloop": ("#d55e01", "#ff8740"),
    "thread-pool": ("#b58900", "#d8b545"),
    "fork-per-client": ("#8f4a76", "#c987b3"),
    "busy-poll": ("#999934", "#c2c25c"),
    "gevent": ("#56b4ea", "#8accf2"),
    "trio": ("#882256", "#d0699e"),
    "anyio": ("#aa449a", "#d27fc6"),
    "twisted": ("#332289", "#9a8cf0"),
    "tornado": ("#44aa9a", "#6fd0c2"),
    "per-core": ("#117733", "#5fc489"),
    "interpreter-pool": ("#5b3fd0", "#a99bf5"),
    "offload": ("#a3212f", "#ec7a85"),
    "native": ("#15181c", "#f4f5f7"),
}
OTHER = ("#8a7256", "#c4ab8d")

# Families whose colours are near for somebody's eyes have different markers (a test computes it).
MARKERS = {
    "o": ("blocking", "thread-per-client", "process-pool", "selectors", "busy-poll", "native"),
    "s": ("asyncio", "uvloop", "fork-per-client"),
    "D": ("thread-pool", "gevent", "trio", "twisted"),
    "^": ("anyio", "tornado", "offload"),
    "v": ("per-core", "interpreter-pool"),
}
MARKER_OF = {family: marker for marker, families in MARKERS.items() for family in families}
MARKER_OTHER = "P"
# Of the interpreters of a run, where it has several: there a colour is a server under all of them.
MARKERS_OF_PYTHONS = ("o", "s", "D", "^", "v", "P")

Dash = str | tuple[int, tuple[float, ...]]
# Of the variants of a family, in the order of the run; shades are parts of black, or of white, in
# its colour on a light ground, and the other way round in the dark.
DASHES: tuple[Dash, ...] = (
    "-",
    (0, (5, 1.6)),
    (0, (1.2, 1.2)),
    (0, (6, 1.5, 1.2, 1.5)),
    (0, (3, 3)),
)
SHADES = (0.0, -0.32, 0.34, -0.55, 0.56)

# role: light, dark. Each value is unique, because a page finds the role by it.
INK = ("#1b1f25", "#e8eaee")
MUTED = ("#59616d", "#a3abb8")
RULE = ("#d8dce2", "#3a414c")
PAPER = ("#fefefe", "#171a1f")
ROLES = {"ink": INK, "muted": MUTED, "rule": RULE, "paper": PAPER}


@dataclass(frozen=True)
class Look:
    """How a server is drawn everywhere; colour: hexadecimal, on a light ground."""

    colour: str
    marker: str
    dash: Dash

    def points(self, sound: bool) -> dict[str, Any]:
        """Return how matplotlib draws its points: filled, or hollow where they are not sound."""
        fill = self.colour if sound else PAPER[0]
        return {"marker": self.marker, "mfc": fill, "mec": self.colour, "ls": ""}


def look(family: str, variant: int, interpreter: int | None = None) -> Look:
    """Return the look of a variant, counted within its family from 0.

    interpreter: its place among those of the run, which then has the marker and the dash
    """
    if interpreter is None:
        marker, dash = MARKER_OF.get(family, MARKER_OTHER), variant
    else:
        marker, dash = MARKERS_OF_PYTHONS[interpreter % len(MARKERS_OF_PYTHONS)], interpreter
    return Look(of(family, variant), marker, DASHES[dash % len(DASHES)])


def of(family: str, variant: int = 0) -> str:
    """Return the colour of a variant on a light ground."""
    return shaded(FAMILIES.get(family, OTHER)[0], SHADES[variant % len(SHADES)])


def variable(family: str, variant: int) -> str:
    """Return the name of the CSS variable that has a variant's colour."""
    place = variant % len(SHADES)
    known = family if family in FAMILIES else "other"
    return f"--family-{known}" + (f"-{place}" if place else "")


def shaded(colour: str, share: float) -> str:
    """Mix a colour with so much white, or black if it is negative."""
    ground = 255 if share > 0 else 0
    parts = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return "#" + "".join(f"{round(p + (ground - p) * abs(share)):02x}" for p in parts)


def themes() -> dict[str, dict[str, str]]:
    """Return the colours of a page by theme, `light` and `dark`."""
    return {"light": variables(dark=False), "dark": variables(dark=True)}


def variables(dark: bool) -> dict[str, str]:
    """Return every colour by the name of its CSS variable."""
    named = {
        variable(family, place): shaded(pair[dark], -share if dark else share)
        for family, pair in (FAMILIES | {"other": OTHER}).items()
        for place, share in enumerate(SHADES)
    }
    return named | {f"--{name}": pair[dark] for name, pair in ROLES.items()}
