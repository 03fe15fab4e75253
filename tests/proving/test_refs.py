"""References and builds: what they are called, where they lie, and what is made anew."""

import shutil
import threading
from pathlib import Path

import pytest

from bench.base.errors import ConfigError
from bench.model.server import ServerSpec
from bench.plan.catalog import Choice, Outside
from bench.proving import builds, refs, sides
from bench.proving.refs import Reference
from bench.proving.sides import Sides
from tests.end_to_end.test_ab_refs import git

COMMIT = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d"


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("main", "main@1a2b3c4"),
        ("origin/feature one", "origin-feature-one@1a2b3c4"),
        ("HEAD~2", "HEAD-2@1a2b3c4"),
        ("1a2b3c4d5e", "1a2b3c4"),
        ("x[y]*:z?", "x-y-z-@1a2b3c4"),
    ],
)
def test_a_label_can_name_an_interpreter(name: str, label: str) -> None:
    assert Reference(name, COMMIT).label == label
    assert not set(label) & set(" ,:/*?[~")


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> refs.Repository:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "mine"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    (folder / "file").write_text("one\n")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "One")
    return refs.repository(folder)


def made(mine: refs.Repository, command: str | None) -> tuple[builds.Build, list[str]]:
    told: list[str] = []
    head = mine.reference("HEAD")
    return builds.built(mine, head, command, shutil.which("python3") or "", told.append), told


def test_a_tree_without_a_build_is_checked_out_once(mine: refs.Repository) -> None:
    first, _ = made(mine, None)
    assert (first.tree / "file").read_text() == "one\n"
    (first.tree / "mark").touch()
    again, _ = made(mine, None)
    assert (again.tree / "mark").exists()
    assert again.python == shutil.which("python3")


def test_a_cache_that_was_removed_is_made_again(mine: refs.Repository) -> None:
    first, _ = made(mine, None)
    shutil.rmtree(refs.cache(mine))
    again, _ = made(mine, None)
    assert (again.tree / "file").exists()
    assert again == first


def test_a_build_that_was_cut_off_is_made_anew(mine: refs.Repository) -> None:
    with pytest.raises(ConfigError, match="its build failed with status 1"):
        made(mine, "test -e ../again && touch done || { touch half ../again; exit 1; }")
    found, told = made(mine, "test -e ../again && touch done || { touch half ../again; exit 1; }")
    assert (found.tree / "done").exists()
    assert not (found.tree / "half").exists()
    assert len(told) == 1


def test_another_command_is_another_place(mine: refs.Repository) -> None:
    head = mine.reference("HEAD")
    places = {refs.place(mine, head, command, "python3") for command in (None, "true", "false")}
    places.add(refs.place(mine, head, "true", "python3.13"))
    assert len(places) == 4


def test_two_at_once_build_once(mine: refs.Repository) -> None:
    command = "echo once >> ../count"
    threads = [threading.Thread(target=made, args=(mine, command)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (count,) = refs.cache(mine).rglob("count")
    assert count.read_text() == "once\n"


def test_the_build_finds_its_own_environment_first(
    mine: refs.Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    found, _ = made(mine, 'command -v python > ../python; echo "$PYTHONPATH$GIT_DIR" >> ../python')
    said = (found.tree.parent / "python").read_text()
    assert said == f"{found.tree.parent / 'venv/bin/python'}\n\n"


def choice(*names: str, skipped: tuple[str, ...] = ()) -> Choice:
    return Choice({("stream", name): ServerSpec(name, "mine") for name in names}, skipped)


def test_a_server_beside_itself_is_its_twin() -> None:
    same = Sides(("x", "x"), Outside())
    assert sides.names(same, choice("x")) == ("x", "x~aa")
    assert sides.names(Sides(("x", "y"), Outside()), choice("x", "y")) == ("x", "y")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (choice("x"), "are the same server, x; write one name twice"),
        (choice("x", "y", "z"), r"name 3 servers \(x, y, z\)"),
        (choice("x", skipped=("y: needs gevent",)), "not both can be measured: y: needs gevent"),
    ],
)
def test_what_is_not_two_servers_is_refused(found: Choice, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        sides.names(Sides(("x", "y"), Outside()), found)
