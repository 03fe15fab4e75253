"""A flame graph: what was on the CPU, the callers below, as wide as it was often."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from markupsafe import Markup

from bench.base import wording
from bench.proving.profile.result import Profile, within

WIDTH, ROW = 1000.0, 17.0
# What is narrower cannot be seen; a name needs about so much for a letter.
NARROWEST, LETTER = 0.8, 6.6
# Deeper stacks are cut; a part that is this much more than beside it is marked.
DEEPEST, MORE = 60, 0.01
EDGE = 3.0


@dataclass
class Frame:
    """A function in its place, and what it called: how often it was seen."""

    name: str
    count: int = 0
    below: "dict[str, Frame]" = field(default_factory=dict)


@dataclass(frozen=True)
class Box:
    """A frame as it is drawn: from the left and with a width, as parts of the graph's.

    path: the functions from the bottom up to it; share: of all samples
    """

    path: tuple[str, ...]
    left: float
    width: float
    share: float


def both(profile: Profile, costs: tuple[float, float] | None = None) -> list[Markup]:
    """Return the graphs of A and B; functions that take more than in the other are marked in each.

    costs: of a request in each, where the graphs shall be on one scale
    """
    if not profile.sampler:
        return []
    most = max(costs) if costs else 0.0
    first, second = (cost / most for cost in costs) if costs and most else (1.0, 1.0)
    a, b = _scaled(profile.a.stacks, first), _scaled(profile.b.stacks, second)
    return [
        drawn(list(boxes_of(profile.a.stacks, first)), more_in(a, b)),
        drawn(list(boxes_of(profile.b.stacks, second)), more_in(b, a)),
    ]


def _scaled(stacks: Mapping[str, int], scale: float) -> dict[str, float]:
    return {name: share * scale for name, share in within(stacks).items()}


def more_in(one: Mapping[str, float], other: Mapping[str, float]) -> frozenset[str]:
    """Return the functions that take a hundredth more in one than in the other, callees included.

    By their name and not their place: below a function that was renamed all else is as it was.
    """
    return frozenset(name for name in one if one[name] - other.get(name, 0.0) >= MORE)


def tree(stacks: Mapping[str, int]) -> Frame:
    """Return the frames of stacks, below one that stands for all."""
    root = Frame("all")
    for stack, count in stacks.items():
        at = root
        at.count += count
        for name in stack.split(";")[:DEEPEST]:
            at = at.below.setdefault(name, Frame(name))
            at.count += count
    return root


def boxes_of(stacks: Mapping[str, int], scale: float = 1.0) -> Iterator[Box]:
    """Yield the boxes of a graph, callers before what they call; scale: the width of all."""
    root = tree(stacks)
    unit = scale / root.count if root.count else 0.0
    waiting: list[tuple[Frame, tuple[str, ...], float]] = [(root, (), 0.0)]
    while waiting:
        frame, path, left = waiting.pop()
        if frame.count * unit * WIDTH < NARROWEST:
            continue
        path = (*path, frame.name)
        yield Box(path, left, frame.count * unit, frame.count / root.count)
        for name in sorted(frame.below):
            below = frame.below[name]
            waiting.append((below, path, left))
            left += below.count * unit


def drawn(boxes: list[Box], more: frozenset[str]) -> Markup:
    """Return a graph as SVG; more: the functions to be marked."""
    height = ROW * max((len(box.path) for box in boxes), default=1)
    marks = [_mark(box, height, more=box.path[-1] in more) for box in boxes]
    head = Markup('<svg class="flames" viewBox="0 0 {:g} {:g}" role="img">').format(WIDTH, height)
    return head + Markup("").join(marks) + Markup("</svg>")


def _mark(box: Box, height: float, *, more: bool) -> Markup:
    x, y, width = box.left * WIDTH, height - ROW * len(box.path), box.width * WIDTH
    name = wording.harmless(box.path[-1])
    letters = int((width - 2 * EDGE) / LETTER)
    text = ""
    if letters > 2:
        shown = name if len(name) <= letters else f"{name[: letters - 1]}…"
        text = Markup('<text x="{:.2f}" y="{:.2f}">{}</text>').format(x + EDGE, y + 12.5, shown)
    kind = "more" if more else "frame"
    rect = Markup('<rect class="{}" x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:g}"/>').format(
        kind, x, y, width, ROW - 1
    )
    title = Markup("<title>{}: {:.1%}</title>").format(name, box.share)
    return Markup("<g>") + title + rect + text + Markup("</g>")
