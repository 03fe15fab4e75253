"""What a server ran under: its own interpreter and packages, not the harness's."""

import dataclasses
from pathlib import Path

import pytest

from bench.model.header import ServerEntry
from bench.model.run import Run
from bench.report import facts, files
from bench.report.view import run_view
from tests.support import synthetic

HARNESS = "0.23.0"


@pytest.fixture
def two_environments(tmp_path: Path) -> Run:
    """Return a run of one server under two interpreters, with a uvloop of its own each."""
    models = [
        dataclasses.replace(synthetic.EIGHT[7], name=f"{name}:uvloop-protocol")
        for name in ("old", "new")
    ]
    run = synthetic.run(tmp_path / "run", models, [synthetic.MANY], 3)
    versions = (("CPython 3.11.2", "0.17.0"), ("CPython 3.13.0 free-threaded", "0.22.1"))
    entries = tuple(
        dataclasses.replace(entry, python=python, packages={"uvloop": uvloop})
        for entry, (python, uvloop) in zip(run.header.config.servers, versions, strict=True)
    )
    config = dataclasses.replace(run.header.config, servers=entries)
    return dataclasses.replace(run, header=dataclasses.replace(run.header, config=config))


@pytest.mark.parametrize("form", ["html", "md"])
def test_each_has_the_version_of_its_own_environment(form: str, two_environments: Run) -> None:
    text = files.render(run_view.view(two_environments), form)
    # The page has it beside the name as well.
    times = 2 if form == "html" else 1
    assert two_environments.header.versions["uvloop"] == HARNESS
    assert text.count("CPython 3.11.2, uvloop 0.17.0") == times
    assert text.count("CPython 3.13.0 free-threaded, uvloop 0.22.1") == times
    # The harness's own stands once, and is called that.
    assert text.count(HARNESS) == 1
    assert "Versions of the harness" in text


def test_a_foreign_command_has_neither() -> None:
    assert facts.ran_under(ServerEntry("mine", command="./mine {port}")) == ""


def test_versions_stand_beside_names_where_any_of_them_differ() -> None:
    def entry(python: str, **packages: str) -> ServerEntry:
        return ServerEntry("x", python=python, packages=packages)

    one = entry("CPython 3.11.2", uvloop="0.21.0")
    assert not facts.differ([one, entry("CPython 3.11.2"), ServerEntry("mine", command="./x")])
    assert facts.differ([one, entry("CPython 3.11.2", uvloop="0.22.1")])
    assert facts.differ([one, entry("CPython 3.13.0", uvloop="0.21.0")])
