"""What `bench compare` writes: Markdown to paste and a page, true of runs of known change."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.analysis.metrics import METRICS
from bench.base.errors import StoreError
from bench.comparing import decisions
from bench.comparing.comparison import compare
from bench.comparing.decisions import Change
from bench.model.run import Run
from bench.model.trial import Trial
from bench.report.compared import document
from loadgen.exits import Exit
from tests.support import synthetic
from tests.support.known import known
from tests.support.markdown import tables

MODELS = synthetic.EIGHT[4:6]


def _slower(factor: float) -> Callable[[Trial], Trial]:
    def change(trial: Trial) -> Trial:
        if trial.cell.server != "asyncio-protocol":
            return trial
        rps = known(trial.result).throughput_rps * factor
        return synthetic.with_result(trial, throughput_rps=rps)

    return change


def _run(folder: Path, change: Callable[[Trial], Trial] = lambda trial: trial) -> Run:
    run = synthetic.run(folder, MODELS, [synthetic.MANY], 8, change=change)
    return dataclasses.replace(run, header=dataclasses.replace(run.header, run_id=folder.name))


def _texts(before: Run, after: Run) -> tuple[str, str]:
    found = compare([before], [after])
    runs, command = [before, after], ["bench", "compare", "a", "b"]
    text = document.markdown(found, runs, [], command)
    assert tables(text)
    return text, document.html(found, runs, [], command)


def test_what_changed_is_named_with_the_baseline_on_top(tmp_path: Path) -> None:
    before, after = _run(tmp_path / "before"), _run(tmp_path / "after", _slower(0.8))
    text, page = _texts(before, after)
    assert text.startswith("A, the baseline, is before; B is after.")
    assert "- throughput: 1 slower, 1 tied of 2; B / A 0.89" in text.replace("0.894", "0.89")
    (row,) = [line for line in text.splitlines() if line.startswith("| asyncio-protocol")]
    assert "0.80" in row
    assert "**slower**" in row
    assert "`bench compare a b`" in text
    assert page.count('class="worse"') >= 2
    assert "asyncio-protocol, kept-50: 0.80" in page


def test_nothing_that_did_not_change_is_called_changed(tmp_path: Path) -> None:
    before, after = _run(tmp_path / "before"), _run(tmp_path / "after")
    text, page = _texts(before, after)
    for document_ in (text, page):
        for word in ("slower", "faster", "dearer", "cheaper"):
            assert word not in document_.replace("slower server", "")
    row = compare([before], [after]).rows[0]
    assert decisions.of(row, METRICS["throughput"]) is Change.TIED


def test_a_lower_bound_is_not_comparable(tmp_path: Path) -> None:
    def bound(trial: Trial) -> Trial:
        seen = synthetic.with_result(trial, generator_idle_fraction=0.0, throughput_rps=15_000.0)
        return dataclasses.replace(seen, server_usage=synthetic.usage(0.8))

    before, after = _run(tmp_path / "before"), _run(tmp_path / "after", bound)
    found = compare([before], [after])
    for row in found.rows:
        assert decisions.of(row, METRICS["throughput"]) is Change.INCOMPARABLE
    assert "throughput: 2 not comparable of 2" in document.summary(found, "throughput")


def test_versions_are_those_of_the_servers(tmp_path: Path) -> None:
    run = _run(tmp_path / "run")
    under = dataclasses.replace(
        run.header.config.servers[0], python="CPython 3.13.0", packages={"uvloop": "0.99"}
    )
    config = dataclasses.replace(run.header.config, servers=(under,))
    run = dataclasses.replace(run, header=dataclasses.replace(run.header, config=config))
    assert list(document.versions([run])) == [("run", "CPython 3.13.0, uvloop 0.99")]


@pytest.mark.parametrize("option", ["--json", "--markdown"])
def test_only_what_is_asked_for_is_printed(
    tmp_path: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from bench.cli.main import app

    folders = [str(_run(tmp_path / name).folder) for name in ("before", "after")]
    with pytest.raises(SystemExit) as ended:
        app(["compare", *folders, option])
    assert ended.value.code == Exit.MEASURED
    out, err = capsys.readouterr()
    assert "written: " in err
    assert (tmp_path / "after" / "compare.html").exists()
    if option == "--json":
        assert len(json.loads(out)["cells"]) == 2
    else:
        assert out == (tmp_path / "after" / "compare.md").read_text()


def test_documents_that_cannot_be_written_where_they_were_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from bench.cli.main import app

    folders = [str(_run(tmp_path / name).folder) for name in ("before", "after")]
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=f"--write {tmp_path}/file: "):
        app(["compare", *folders, "--write", str(tmp_path / "file")], standalone_mode=False)
    assert "kept-50" in capsys.readouterr().out  # what was found out is printed all the same


def test_documents_beside_a_run_that_cannot_be_written_cost_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from bench.cli.main import app

    folders = [str(_run(tmp_path / name).folder) for name in ("before", "after")]
    for name in ("compare.md", "compare.html"):
        (tmp_path / "after" / name).mkdir()
    with pytest.raises(SystemExit) as ended:
        app(["compare", *folders])
    assert ended.value.code == Exit.MEASURED
    assert "left out: compare.md and compare.html" in capsys.readouterr().out
