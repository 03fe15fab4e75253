"""Fit a figure's SVG into a page: short, with unique names, the page's colours, marks by server."""

import html
import re
from collections.abc import Mapping

from bench.report.drawing.canvas import Mark

_PATH = re.compile(r'\bd="[^"]*"')
_PLACE = re.compile(r'\b(?:d|x|y)="[^"]*"')
# A tenth of a point is a quarter of a pixel where a chart is as wide as the page.
_DECIMALS = re.compile(r"(\.\d)\d+")
_STYLE = re.compile(r'\bstyle="[^"]*"')
_MARK = re.compile(r'<g id="(mark-\d+)">')
_ID = re.compile(r' id="([^"]+)"')
_REFERENCE = re.compile(r'(url\(#|href="#)([^")]+)')
_SIZE = re.compile(r'width="[\d.]+pt" height="[\d.]+pt" viewBox="0 0 ([\d.]+) ([\d.]+)"')
_HEAD = re.compile(r'<g id="head">.*?</g>', re.DOTALL)
# Said once in the page's style sheet, or of no use there.
_NEEDLESS = re.compile(
    r"<metadata>.*?</metadata>|<style.*?</style>|font-family: [^;\"]*;? ?"
    r'| transform="rotate\(-0 [^)]*\)"| xmlns:xlink="[^"]*"|; stroke-linejoin: miter(?=[;"])',
    re.DOTALL,
)


def inline(
    text: str,
    name: str,
    label: str,
    head_share: float,
    marks: Mapping[str, Mark],
    colours: Mapping[str, str],
) -> str:
    """Return the figure as an element of a page.

    Args:
        text: the SVG file as matplotlib wrote it.
        name: begins every id, which must be unique in the page.
        label: its alternative text.
        head_share: upper part of its height that is cut away, with the groups named `head`.
        marks: by id of a group, what it belongs to.
        colours: hexadecimal colour to the name of the CSS variable that replaces it.
    """
    body = _HEAD.sub("", _NEEDLESS.sub("", text[text.index("<svg ") :]))
    body = _PATH.sub(lambda found: " ".join(found[0].split()), body)
    body = _PLACE.sub(lambda found: _DECIMALS.sub(r"\1", found[0]), body)
    body = _STYLE.sub(lambda found: found[0].replace("; ", ";").replace(": ", ":"), body)
    body = _MARK.sub(lambda reference: _group(marks[reference[1]]), body)
    used = dict.fromkeys(reference[2] for reference in _REFERENCE.finditer(body))
    short = {each: f"{name}.{number}" for number, each in enumerate(used)}
    body = _ID.sub(lambda found: f' id="{short[found[1]]}"' if found[1] in short else "", body)
    body = _REFERENCE.sub(lambda found: f"{found[1]}{short[found[2]]}", body)
    body = body.replace("xlink:href", "href")
    for colour, variable in colours.items():
        body = body.replace(colour, f"var({variable})")
    body = re.sub(r">\s+<", "><", body)
    alternative = f'role="img" aria-label="{html.escape(label, quote=True)}"'
    return _SIZE.sub(lambda reference: _cropped(reference, head_share, alternative), body, count=1)


def _cropped(match: re.Match[str], head_share: float, alternative: str) -> str:
    width, height = float(match[1]), float(match[2])
    top = height * head_share
    return f'viewBox="0 {top:.1f} {width:g} {height - top:.1f}" {alternative}'


def _group(mark: Mark) -> str:
    kind = "mark faint" if mark.faint else "mark"
    tip = f' data-tip="{html.escape(mark.tip, quote=True)}"' if mark.tip else ""
    return f'<g class="{kind}" data-server="{mark.server}"{tip}>'
