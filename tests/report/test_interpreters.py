"""Servers under several interpreters: the base, the groups, the chart, and what is said of them."""

import dataclasses
from pathlib import Path

import pytest

from bench.analysis import metrics
from bench.base.errors import ConfigError
from bench.model.header import ServerEntry
from bench.model.interpreter import OWN, Runtime
from bench.model.run import Run
from bench.report import charts
from bench.report.sentences import answer, interpreters
from bench.report.view import by_python, pythons, run_view
from bench.report.view.run_view import RunView, Subject
from tests.support import synthetic
from tests.support.models import Model

CPU = metrics.METRICS["cpu"]
# Of each server under each interpreter, the CPU that a request costs in µs.
COSTS = {
    "asyncio-protocol": {"": 20.0, "py314": 16.0, "py313": 20.0},
    "thread-per-client": {"": 30.0, "py314": 36.0, "py313": 30.0},
}
FAMILIES = {"asyncio-protocol": "asyncio", "thread-per-client": "thread-per-client"}
FREE = Runtime("CPython", "3.14.2", free_threaded=True, gil=False)


def _run(folder: Path, blocks: int = 8) -> Run:
    names = {
        f"{python}:{model}" if python else model: (model, cost)
        for model, costs in COSTS.items()
        for python, cost in costs.items()
    }
    models = [Model(name, FAMILIES[model], cost, 20) for name, (model, cost) in names.items()]
    run = synthetic.run(folder, models, [synthetic.MANY], blocks=blocks)
    servers = tuple(_entry(entry) for entry in run.header.config.servers)
    config = dataclasses.replace(run.header.config, servers=servers)
    return dataclasses.replace(run, header=dataclasses.replace(run.header, config=config))


def _entry(entry: ServerEntry) -> ServerEntry:
    python = entry.name.partition(":")[0] if ":" in entry.name else ""
    words = (f"/opt/{python}",) if python else None
    return dataclasses.replace(entry, python="CPython 3", python_words=words, gil=True)


def _subject(view: RunView) -> Subject:
    (found,) = view.each()
    return found


def test_each_server_stands_beside_itself_under_the_base(tmp_path: Path) -> None:
    view = run_view.view(_run(tmp_path))
    groups = by_python.groups(_subject(view).workload, CPU)
    assert [group.model for group in groups] == ["asyncio-protocol", "thread-per-client"]
    for group in groups:
        assert group.base.server == group.model
        ratios = {cell.python: pair.ratio for cell, pair in group.others}
        cheap = ratios["py314"]
        assert cheap is not None
        expected = COSTS[group.model]["py314"] / COSTS[group.model][""]
        assert cheap.value == pytest.approx(expected, rel=0.1)


def test_the_sentence_says_less_more_and_tied(tmp_path: Path) -> None:
    said = interpreters.beside_base(_subject(run_view.view(_run(tmp_path))))
    first, second = said.split(". py31")
    assert "py314 beside own, CPU per request: less with asyncio-protocol (0." in f"{said} "
    assert "more with thread-per-client (1.2 times)" in said
    tied = next(part for part in (first, second) if "tied" in part)
    assert "py313" in f"py31{tied}" or tied.startswith("py313")
    assert "asyncio-protocol and thread-per-client" in tied


def test_another_base_turns_the_ratios_round(tmp_path: Path) -> None:
    run = pythons.compared_with(_run(tmp_path), "py314")
    (group, *_) = by_python.groups(_subject(run_view.view(run)).workload, CPU)
    assert group.base.server == "py314:asyncio-protocol"
    own = next(pair.ratio for cell, pair in group.others if cell.python == OWN)
    assert own is not None
    assert own.value > 1


def test_a_base_that_nothing_ran_under_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--base py299: no server ran under it; choose own or"):
        pythons.compared_with(_run(tmp_path), "py299")


def test_one_block_tells_nothing_apart(tmp_path: Path) -> None:
    said = interpreters.beside_base(_subject(run_view.view(_run(tmp_path, blocks=1))))
    assert "less" not in said
    assert "more" not in said


def test_a_run_of_one_interpreter_has_no_such_chart(tmp_path: Path) -> None:
    view = run_view.view(synthetic.run(tmp_path))
    assert not by_python.groups(view.each()[0].workload, CPU)
    assert all(cell.interpreter is None for cell in view.servers)
    names = {chart.kind.name for chart in charts.by_subject(view)}
    assert not names & set(interpreters.CAPTIONS)


def test_the_charts_are_drawn_with_a_mark_for_each_interpreter(tmp_path: Path) -> None:
    view = run_view.view(_run(tmp_path))
    drawn = {chart.kind.name: chart for chart in charts.by_subject(view)}
    assert set(interpreters.CAPTIONS) <= drawn.keys()
    assert len(drawn["interpreters"].canvas.data) == 4
    looks = {cell.server: cell.look for cell in view.servers}
    own, other = looks["asyncio-protocol"], looks["py314:asyncio-protocol"]
    assert own.colour == other.colour
    assert own.marker != other.marker
    assert len({look.marker for look in looks.values()}) == 3


@pytest.mark.parametrize(("gil", "told"), [(True, 1), (False, 0), (None, 0)])
def test_a_gil_that_an_import_turned_on_is_told(
    gil: bool | None, told: int, tmp_path: Path
) -> None:
    run = synthetic.run(tmp_path, [Model("py314t:asyncio-protocol", "asyncio", 20, 20)])
    (entry,) = run.header.config.servers
    entry = dataclasses.replace(
        entry, python=str(FREE), python_words=("python3.14t",), gil=False, jit=False
    )
    config = dataclasses.replace(run.header.config, servers=(entry,))
    runtime = None if gil is None else dataclasses.replace(FREE, gil=gil)
    trials = [dataclasses.replace(trial, runtime=runtime) for trial in run.trials]
    header = dataclasses.replace(run.header, config=config)
    view = run_view.view(dataclasses.replace(run, header=header, trials=trials))
    cautions = [each for each in answer.cautions(view) if "py314t:asyncio-protocol" in each]
    assert len(cautions) == told
    label = "CPython 3.14.2 free-threaded" + ", GIL on" * told
    assert view.run.entries[0].python == label
    assert view.run.entries[0].gil is bool(gil)


def test_what_a_process_was_is_told_by_cell(tmp_path: Path) -> None:
    """An import that only one workload asks for: the others keep their label."""
    workloads = [synthetic.ONE, synthetic.MANY]
    run = synthetic.run(tmp_path, [Model("ft:threads", "thread-per-client", 20, 20)], workloads)
    (entry,) = run.header.config.servers
    entry = dataclasses.replace(entry, python=str(FREE), python_words=("python3.14t",), gil=False)
    config = dataclasses.replace(run.header.config, servers=(entry,))
    locked = dataclasses.replace(FREE, gil=True)
    of_last = run.trials[-1].cell.workload
    trials = [
        dataclasses.replace(t, runtime=FREE if t.cell.workload == of_last else locked)
        for t in run.trials
    ]
    header = dataclasses.replace(run.header, config=config)
    view = run_view.view(dataclasses.replace(run, header=header, trials=trials))
    gils = {cell.workload: view.run.entry_of(cell).gil for cell in view.cells}
    assert gils == {workload: workload != of_last for workload in workloads}
    assert interpreters.locked(view)
