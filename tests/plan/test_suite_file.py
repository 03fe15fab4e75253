"""Suites and options: what is asked can be planned, or is refused in one clear line."""

from pathlib import Path

import pytest

from bench.base.errors import ConfigError
from bench.plan import catalog, suite_file, workloads
from bench.plan.suite_file import Suite


def suite_of(text: str, folder: Path) -> Suite:
    path = folder / "mine.toml"
    path.write_text(text)
    return suite_file.load(str(path))


@pytest.mark.parametrize("name", suite_file.suites())
def test_every_suite_of_ours_can_be_planned(name: str) -> None:
    suite = suite_file.load(name)
    points = workloads.workloads(suite.workloads)
    choice = catalog.choose(catalog.read(), list(suite.servers), {"stream", "datagram"})
    assert workloads.cells(list(choice.specs.values()), points)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("servers = 1\nx = =", "line 2"),
        ("servers = []\n[workloads.a]", "servers must be a list"),
        ('servers = ["x"]', "no workload"),
        ('servers = ["x"]\nworkload = 1\n[workloads.a]', "unknown key 'workload'"),
        ('servers = ["x"]\n[workloads.a]\nconection = 1', "no axis 'conection'"),
        ('servers = ["x"]\n[workloads.a]\nconnections = []', "a value or a list"),
        ('servers = ["x"]\n[workloads.a]\nconnections = 1.5', "not a whole number"),
        ('servers = ["x"]\n[workloads.a]\nconnections = true', "not a whole number"),
        ('servers = ["x"]\ntrials = 0\n[workloads.a]', "trials is 0"),
        ('servers = ["x"]\nduration_s = nan\n[workloads.a]', "duration_s is nan"),
        ('servers = ["x"]\nduration_s = "2"\n[workloads.a]', "duration_s is '2'"),
    ],
)
def test_a_bad_suite_is_refused_with_what_and_where(
    text: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        suite_of(text, tmp_path)
    assert "mine.toml" in str(caught.value)


def test_a_folder_or_a_missing_suite_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder"):
        suite_file.load(str(tmp_path))
    with pytest.raises(ConfigError, match="choose from capacity, connections, default"):
        suite_file.load("quik")


def test_lists_are_split_at_commas_and_spaces_and_quotes_hold_paths_together() -> None:
    assert suite_file.words("asyncio,uvloop  'my servers/one.py', x") == [
        *("asyncio", "uvloop", "my servers/one.py", "x")
    ]
    assert suite_file.words("") == []
    with pytest.raises(ConfigError, match="a quote is not closed"):
        suite_file.words("asyncio 'x")
