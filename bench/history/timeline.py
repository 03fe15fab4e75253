"""The runs of a machine in the order of their time, a series for each cell of two or more."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.analysis import intervals, metrics
from bench.analysis.metrics import Metric
from bench.base.errors import ConfigError
from bench.base.estimate import Estimate
from bench.comparing import comparable, ratios
from bench.comparing.sides import Side, side
from bench.history import steps
from bench.model.run import Run, workload_labels
from bench.model.trial import Cell, Workload
from bench.pairs.layout import Contrast

RUNS_LEAST = 2


@dataclass(frozen=True)
class Point:
    """A cell in a run: which of the timeline's runs, its figure, and whether that is a bound."""

    run: int
    value: Estimate
    bound: bool


@dataclass(frozen=True)
class Step:
    """A change from one point of a series to the next, beyond the noise.

    at: the run after it; ratio: after / before, with an interval that knows what runs differ by
    """

    at: int
    ratio: Estimate
    better: bool


@dataclass(frozen=True)
class Series:
    """A cell over time, in one figure; points: of the runs that have one that stands."""

    cell: Cell
    label: str
    figure: Metric
    points: tuple[Point, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Timeline:
    """What a machine measured over time.

    runs: those that can be compared, in the order of their time
    left_out: the others by name, and why
    undrawn: servers and workloads with figures that stand in fewer than two runs
    noise: by the name of a figure, by what fraction neighbouring runs differ without a change (one
        standard deviation); of figures with too few neighbours it is not known, and no step either
    """

    runs: tuple[Run, ...]
    series: tuple[Series, ...]
    left_out: tuple[tuple[str, str], ...]
    noise: dict[str, float]
    undrawn: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _Track:
    """A series before its steps are known: between neighbours, the contrast and the floor."""

    cell: Cell
    figure: Metric
    points: tuple[Point, ...]
    contrasts: tuple[Contrast, ...]
    reach: tuple[float, ...]


def timeline(
    runs: Sequence[Run], figure: Metric | None = None, server: str = "", workload: str = ""
) -> Timeline:
    """Lay runs out over time.

    figure: of every cell; without one, what ranks servers under the cell's workload
    server, workload: only this one, by name

    Raises:
        ConfigError: fewer than two runs are of one machine and of equal settings, or no cell that
            was asked for has figures in two of them
    """
    runs, useless = _with_trials_of_their_own(runs)
    kept, left_out = _on_equal_terms(runs)
    left_out = (*useless, *left_out)
    sides = [side([run]) for run in kept]
    wanted = [
        cell
        for cell in dict.fromkeys(cell for each in sides for cell in each.some)
        if server in ("", cell.server) and workload in ("", cell.workload.name)
    ]
    servers = {cell.server for each in sides for cell in each.some}
    if server and server not in servers:
        raise ConfigError(f"history: no server {server!r}; there are {', '.join(sorted(servers))}")
    tracks = [track for cell in wanted if (track := _track(cell, figure, sides)) is not None]
    if not tracks:
        asked = " ".join(word for word in (server, workload, figure.name if figure else "") if word)
        raise ConfigError(
            f"history: no cell{f' of {asked}' if asked else ''} has figures that stand in two runs"
        )
    labels = workload_labels(cell.workload for cell in wanted)
    series, noise = _stepped(tracks, labels)
    drawn = {track.cell for track in tracks}
    undrawn = ((cell.server, labels[cell.workload]) for cell in wanted if cell not in drawn)
    return Timeline(kept, series, left_out, noise, tuple(undrawn))


def _with_trials_of_their_own(
    runs: Sequence[Run],
) -> tuple[list[Run], tuple[tuple[str, str], ...]]:
    """Return the runs without the empty ones and without copies of another; and those, with why.

    Copies would tell that runs differ by nothing.
    """
    kept: dict[tuple[str, str], Run] = {}
    useless = []
    for run in runs:
        name, same = run.folder.name, (run.header.run_id, run.header.created_at)
        if not any(trial.result is not None for trial in run.trials):
            useless.append((name, "has no trial with figures"))
        elif same in kept:
            useless.append((name, f"is a copy of {kept[same].folder.name}"))
        else:
            kept[same] = run
    if not kept:
        raise ConfigError("history: no run has a trial with figures; name two of one machine")
    return list(kept.values()), tuple(useless)


def _on_equal_terms(
    runs: Sequence[Run],
) -> tuple[tuple[Run, ...], tuple[tuple[str, str], ...]]:
    """Return the latest runs on equal terms, by time; and the others, with why.

    They are those that the last can be compared with; if it stands alone, those of the one before
    it, and so on.
    """
    ordered = sorted(runs, key=lambda run: run.header.created_at)
    for last in reversed(ordered):
        why = [comparable.differing(last.header, run.header) for run in ordered]
        kept = tuple(run for run, differs in zip(ordered, why, strict=True) if not differs)
        if len(kept) >= RUNS_LEAST:
            both = zip(ordered, why, strict=True)
            left_out = ((r.header.run_id, f"differs in {'; '.join(w)}") for r, w in both if w)
            return kept, tuple(left_out)
    last_name = ordered[-1].header.run_id
    if len(ordered) < RUNS_LEAST:
        raise ConfigError(f"history: {last_name} is the only run; name two of one machine")
    before = ordered[-2].header
    differs = "; ".join(comparable.differing(ordered[-1].header, before))
    raise ConfigError(
        f"history: no two of these {len(ordered)} runs are on equal terms ({before.run_id} and "
        f"{last_name} differ in {differs}); name two of one machine"
    )


def _track(cell: Cell, figure: Metric | None, sides: Sequence[Side]) -> _Track | None:
    """Return the points of a cell; None of fewer than two."""
    metric = figure or metrics.leading(cell.workload)
    values = [
        each.values(cell, metric, None)[0]
        if cell in each.some and each.verdict(cell).ranked
        else []
        for each in sides
    ]
    known = [at for at, of_run in enumerate(values) if of_run and min(of_run) > 0]
    points = tuple(_points(cell, metric, sides, values, known))
    if len(points) < RUNS_LEAST:
        return None
    contrasts, reach = [], []
    for before, after in pairwise(known):
        contrast = ratios.contrast([values[before]], [values[after]])
        assert contrast is not None, "both have values above zero"
        contrasts.append(contrast)
        floors = (sides[at].floor(metric.name, cell.workload) for at in (before, after))
        reach.append(max(floors))
    return _Track(cell, metric, points, tuple(contrasts), tuple(reach))


def _points(
    cell: Cell,
    metric: Metric,
    sides: Sequence[Side],
    values: Sequence[list[float]],
    known: Sequence[int],
) -> Iterator[Point]:
    for at in known:
        value = intervals.geometric(values[at])
        assert value is not None, "it has values"
        yield Point(at, value, metric.bounded and sides[at].bound(cell))


def _stepped(
    tracks: Sequence[_Track], labels: dict[Workload, str]
) -> tuple[tuple[Series, ...], dict[str, float]]:
    """Return the series with their steps, and the noise between runs by figure."""
    by_figure: dict[str, list[_Track]] = {}
    for track in tracks:
        by_figure.setdefault(track.figure.name, []).append(track)
    noise = {
        name: steps.between([contrast for track in alike for contrast in track.contrasts])
        for name, alike in by_figure.items()
    }
    contrasts = {
        (track.cell, at): widened
        for track in tracks
        for at, each in enumerate(track.contrasts)
        if (widened := steps.widened(each, noise[track.figure.name])) is not None
    }
    reach = {(track.cell, at): each for track in tracks for at, each in enumerate(track.reach)}
    beyond = steps.found(contrasts, reach)
    series = tuple(
        Series(t.cell, labels[t.cell.workload], t.figure, t.points, tuple(_steps(t, beyond)))
        for t in tracks
    )
    return series, {
        name: math.expm1(math.sqrt(each.value)) for name, each in noise.items() if each is not None
    }


def _steps(track: _Track, beyond: dict[tuple[Cell, int], Contrast]) -> Iterator[Step]:
    for at, (before, after) in enumerate(pairwise(track.points)):
        step = beyond.get((track.cell, at))
        ratio = None if step is None else steps.ratio(step)
        if ratio is None:
            continue
        # A bound may hide the opposite: what rose from a bound may have been higher before.
        more, less = ratios.may_be(track.figure, (before.bound, after.bound))
        if not (less if ratio.value > 1 else more):
            yield Step(after.run, ratio, (ratio.value > 1) == track.figure.more_is_better)
