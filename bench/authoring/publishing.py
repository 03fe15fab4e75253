"""Whether a run may be published, and its copy without what only its machine needs."""

import html
import json
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from bench.base import levels
from bench.base.errors import StoreError
from bench.model.header import Header
from bench.model.server import ROOT
from bench.report.view.run_view import RunView
from bench.verdicts.verdict import Name

# What others read of a run: from these files `bench report` makes everything again. The page has
# each chart as it stands in its SVG.
KEPT = ("run.json", "trials.jsonl", "verdicts.json", "report.md", "report.html")
KEPT_PATTERNS = ("*.csv", "charts/*.png")
# Before a path in a word: `--option=`, `NAME=`, `NAME=VARIABLE=`.
ASSIGNED = re.compile(r"(?:[^\s/=]+=)+")


def doubts(view: RunView) -> list[str]:
    """Return why a run is not fit to be published, by its own verdicts; empty if it is."""
    return [*_unfinished(view), *_few_blocks(view), *_noisy(view), *_floors(view)]


def publish(view: RunView, folder: Path) -> int:
    """Copy what others read of a run into a folder, in place of an earlier one; return the files.

    All of it is written beside the folder first: a disk that is full costs nothing of what is
    there. What is of another name there stays.

    Raises:
        StoreError: the folder holds something that is no published run, is the run's own, or cannot
            be written
    """
    source = view.run.folder
    if folder.resolve() == source.resolve():
        raise StoreError(f"{folder}: is the run itself; name another folder to publish it in")
    there = (path for pattern in ("*", "charts/*") for path in folder.glob(pattern))
    foreign = any(path.is_file() for path in there)
    if foreign and not (folder / "run.json").exists():
        raise StoreError(f"{folder}: is no run; name a folder that is not there yet, or a run's")
    try:
        # Where a link leads, on the same disk, so that what is written has only to be renamed.
        place = folder.resolve()
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{place.name}-") as name:
            beside = Path(name)
            names = list(_written(source, beside, _places(view.run.header)))
            for path in (*(place / name for name in KEPT), *_matching(place)):
                path.unlink(missing_ok=True)
            for each in names:
                (place / each).parent.mkdir(parents=True, exist_ok=True)
                (beside / each).replace(place / each)
    except OSError as error:
        raise StoreError(f"{folder}: {error.strerror}; the run itself is whole") from None
    return len(names)


def _written(source: Path, folder: Path, places: dict[str, str]) -> Iterator[Path]:
    """Write what is published of a run into a folder; yield the names below it."""
    for path in (*(source / name for name in KEPT), *_matching(source)):
        if path.is_file() and not path.is_symlink():
            name = path.relative_to(source)
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".png":
                shutil.copyfile(path, folder / name)
            else:
                (folder / name).write_text(_without_places(path.read_text(), places))
            yield name


def _matching(folder: Path) -> list[Path]:
    """Return the files of a folder that a publication has, beside those with names of their own."""
    return [path for pattern in KEPT_PATTERNS for path in sorted(folder.glob(pattern))]


def _places(header: Header) -> dict[str, str]:
    """Return each absolute path that was typed or run, with what is published of it.

    Where something lies is a matter of its machine: of its path as many of the last parts are
    published as tell it from the others. Of what else a text may name, the tree and the home of who
    publishes are cut off.
    """
    words = list(header.command)
    for entry in header.config.servers:
        words += [*(entry.python_words or ()), entry.command or "", entry.source]
        words += [source.path for source in entry.files]
    found = {part for word in words for part in _paths(word)}
    short = {place: _last(place, found) for place in sorted(found, key=len, reverse=True)}
    return short | {f"{ROOT}/": "", str(ROOT): ".", str(Path.home()): "~"}


def _paths(word: str) -> Iterator[str]:
    """Yield the absolute paths of a word: itself, or of a line its parts."""
    try:
        parts = shlex.split(word)
    except ValueError:
        parts = []
    for part in (word, *parts):
        assigned = ASSIGNED.match(part)
        place = part[assigned.end() if assigned else 0 :]
        if place.startswith("/") and Path(place).name and (place != word or " /" not in word):
            yield place


def _last(place: str, others: Iterable[str]) -> str:
    """Return the fewest last parts of a path that no other one ends in."""
    parts = place.strip("/").split("/")
    ends = ("/".join(parts[-many:]) for many in range(1, len(parts) + 1))
    rest = [other for other in others if other != place]
    return next((e for e in ends if not any(o.endswith(f"/{e}") for o in rest)), parts[-1])


def _without_places(text: str, places: Mapping[str, str]) -> str:
    for place, shown in places.items():
        for form in dict.fromkeys((place, html.escape(place), json.dumps(place)[1:-1])):
            text = text.replace(form, shown)
    return text


def _unfinished(view: RunView) -> Iterator[str]:
    if not view.finished:
        yield "it has not come to its end: bench run --resume"


def _few_blocks(view: RunView) -> Iterator[str]:
    measured = [len(cell.metrics) for cell in view.cells.values() if cell.metrics]
    least = min(measured, default=0)
    if least < levels.PUBLISHED_BLOCKS:
        yield f"a cell has {least} blocks of the {levels.PUBLISHED_BLOCKS:g} that it takes"


def _noisy(view: RunView) -> Iterator[str]:
    judged = [cell.verdict for cell in view.cells.values() if cell.metrics]
    noisy = sum(verdict.holds(Name.NOISY) for verdict in judged)
    if noisy > levels.PUBLISHED_NOISY * len(judged):
        share = f"{levels.PUBLISHED_NOISY:.0%}"
        yield f"{noisy} of {len(judged)} cells are noisy, where {share} may be"


def _floors(view: RunView) -> Iterator[str]:
    for workload in view.workloads:
        floor = workload.order.floor
        if floor is not None and floor.extent > levels.PUBLISHED_FLOOR:
            yield (
                f"{workload.label}: a server and its twin differ by {floor.extent:.1%}, where "
                f"{levels.PUBLISHED_FLOOR:.0%} may be"
            )
