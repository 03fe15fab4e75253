"""Whether a run may be published, and its copy without what only its machine needs."""

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.base import levels
from bench.base.errors import StoreError
from bench.model.header import Header
from bench.report.view.run_view import RunView
from bench.verdicts.verdict import Name

# What others read of a run: from these files `bench report` makes everything again. The page has
# each chart as it stands in its SVG.
KEPT = ("run.json", "trials.jsonl", "verdicts.json", "report.md", "report.html")
KEPT_PATTERNS = ("*.csv", "charts/*.png")
# Where a program lies is a matter of its machine: of an absolute path its last part is published.
TEXTS = (".json", ".md", ".html")
ABSOLUTE = re.compile(r"(?<![^\s'\"=])/(?:[^\s'\"=/]+/)+([^\s'\"=/]+)")


def doubts(view: RunView) -> list[str]:
    """Return why a run is not fit to be published, by its own verdicts; empty if it is."""
    return [*_unfinished(view), *_few_blocks(view), *_noisy(view), *_floors(view)]


def publish(view: RunView, folder: Path) -> int:
    """Copy what others read of a run into a folder, which it replaces; return the files copied.

    Raises:
        StoreError: the folder holds something that is no published run, or cannot be written
    """
    source = view.run.folder
    foreign = folder.exists() and any(path.is_file() for path in folder.iterdir())
    if foreign and not (folder / "run.json").exists():
        raise StoreError(f"{folder}: is no run; name a folder that is not there yet, or a run's")
    wanted = [source / name for name in KEPT]
    wanted += [path for pattern in KEPT_PATTERNS for path in sorted(source.glob(pattern))]
    files = [path for path in wanted if path.is_file() and not path.is_symlink()]
    places = dict(_places(view.run.header))
    try:
        for name in (*KEPT, "charts"):
            _remove(folder / name)
        for path in files:
            target = folder / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix in TEXTS:
                target.write_text(_without_places(path.read_text(), places))
            else:
                shutil.copyfile(path, target)
    except OSError as error:
        raise StoreError(f"{folder}: {error.strerror}; the run itself is whole") from None
    return len(files)


def _places(header: Header) -> Iterator[tuple[str, str]]:
    """Yield each absolute path that was typed or run, with what is published of it."""
    words = list(header.command)
    for entry in header.config.servers:
        words += [*(entry.python_words or ()), entry.command or "", entry.source]
        words += [source.path for source in entry.files]
    for word in words:
        for found in ABSOLUTE.finditer(word):
            yield found[0], found[1]


def _without_places(text: str, places: Mapping[str, str]) -> str:
    for place in sorted(places, key=len, reverse=True):
        text = text.replace(place, places[place])
    return text


def _remove(path: Path) -> None:
    """Remove what an earlier publication left; a run in a folder below stays."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


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
