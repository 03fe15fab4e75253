"""A server's look beside its name: a piece of its line with its marker."""

from markupsafe import Markup

from bench.report.drawing import palette

# Outlines around (13, 6), as matplotlib's markers look.
OUTLINES = {
    "o": "M9 6a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
    "s": "M9.5 2.5h7v7h-7z",
    "D": "M13 1.5 17.5 6 13 10.5 8.5 6z",
    "^": "M13 1.5 17.5 10h-9z",
    "v": "M13 10.5 8.5 2h9z",
    "P": "M11.5 2h3v2.5h2.5v3h-2.5V10h-3V7.5H9v-3h2.5z",
}


def of(family: str, variant: int, interpreter: int | None = None) -> Markup:
    """Return it as an element of a page, in the colours of the page's theme; as `palette.look`."""
    look = palette.look(family, variant, interpreter)
    colour = f"var({palette.variable(family, variant)})"
    dash = "" if isinstance(look.dash, str) else " ".join(f"{part * 2:g}" for part in look.dash[1])
    return Markup(
        '<svg class="swatch" viewBox="0 0 26 12" aria-hidden="true">'
        '<path d="M0 6H26" fill="none" stroke="{colour}" stroke-width="2" '
        'stroke-dasharray="{dash}"/>'
        '<path d="{outline}" fill="{colour}"/></svg>'
    ).format(colour=colour, dash=dash, outline=OUTLINES[look.marker])
