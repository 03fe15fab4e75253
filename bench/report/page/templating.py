"""What templates share: how a text of others is made harmless, and where the files lie."""

import re
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bench.base import wording

# What begins a link, an image, code, a column or a fence in Markdown; and a line of another kind.
ACTIVE = re.compile(r"[\[\]|]|([`~])(?=\1\1)")
LEADING = re.compile(r"^(?:[#>=+]|-(?![0-9]))")
CODE_MOST = 20_000
UNIT = re.compile(r"(?<=\d) (%|(?:µs|ms|s|MiB|/s|requests/s|times|CPUs?|B)\b)")


def environment(*, autoescape: bool) -> Environment:
    """Return what renders the templates: pages with escapes, Markdown with a filter of its own."""
    found = Environment(
        loader=PackageLoader("bench.report"),
        autoescape=autoescape,  # noqa: S701  # the Markdown has a filter of its own
        finalize=_harmless if autoescape else _in_markdown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["number"] = wording.number
    found.filters["tight"] = _tight
    found.filters["code"] = _code
    return found


def _harmless(value: Any) -> Any:
    """Return a value for the page without what is no text; what is markup of ours stays."""
    plain = not isinstance(value, str) or isinstance(value, Markup)
    return value if plain else wording.harmless(value)


def _in_markdown(value: Any) -> Any:
    """Return a value for the Markdown: a text of others is no markup, and stays on its line."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    text = ACTIVE.sub(r"\\\g<0>", wording.harmless(value)).replace("<", "&lt;")
    return LEADING.sub(r"\\\g<0>", " ".join(text.split("\n")))


def _code(text: str) -> Markup:
    """Return a text of others for a span of code, which no mark of it ends."""
    return Markup(wording.printable(text, CODE_MOST).replace("`", "'"))  # noqa: S704  # no HTML


def _tight(text: str) -> str:
    """Keep a number on one line with what belongs to it."""
    text = text.replace(" ± ", "\u00a0±\u00a0").replace("≥ ", "≥\u00a0").replace("< ", "<\u00a0")
    return UNIT.sub("\u00a0\\1", text)
