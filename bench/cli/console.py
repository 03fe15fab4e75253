"""The terminal that commands print on: what it shows is text, and never an order to it."""

import json
import os
import sys

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderHook, RenderResult
from rich.segment import Segment

from bench.base import wording


class Harmless:
    """Something rendered, without what in its text would steer a terminal."""

    def __init__(self, renderable: ConsoleRenderable) -> None:
        """Stand before something."""
        self.renderable = renderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield its pieces; colours are beside the text, and stay."""
        for text, style, control in console.render(self.renderable, options):
            yield Segment(text if control else wording.harmless(text), style, control)


class Harmlessly(RenderHook):
    """Lets everything that a console prints be harmless."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """Stand before each."""
        return [Harmless(each) for each in renderables]


def terminal(*, stderr: bool = False) -> Console:
    """Return a console that knows no markup and no emoji codes: names are names."""
    made = Console(stderr=stderr, markup=False, emoji=False)
    made.push_render_hook(Harmlessly())
    return made


def emit(text: str, form: str) -> None:
    """Print a document as it is, or in what its form has for letters that the output has not."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        if form == "json":
            text = json.dumps(json.loads(text), indent=1)
        elif form == "html":
            text = text.encode("ascii", "xmlcharrefreplace").decode()
    print(text, flush=True)


console = terminal()
# A pipe has no width of its own.
if not console.is_terminal and "COLUMNS" not in os.environ:
    console.width = 100
