"""Environments for interpreters that lack packages: made by uv from the wheels of a folder."""

import sys
import zipfile
from pathlib import Path

import pytest

from bench.base.errors import ConfigError
from bench.model.interpreter import Interpreter
from bench.plan import catalog, interpreters, provision
from bench.plan.catalog import Outside

VARIANT = '''"""One that needs packages."""
FAMILY = "mine"
REQUIRES = ("tiny_one", {other!r})
def serve(listener, settings): ...
'''


NEEDED = (["pytest", "tiny_one"], print)


@pytest.fixture(autouse=True)
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let uv find wheels in a folder alone, and keep its environments in another."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    _wheel(folder, "tiny_one", "py3-none-any")
    _wheel(folder, "tiny_other", "cp27-cp27m-win32")
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def _wheel(folder: Path, name: str, tag: str) -> None:
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-{tag}.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", "")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
        wheel.writestr(f"{info}/RECORD", "")


def _python(line: str = sys.executable) -> Interpreter:
    return interpreters.examine(f"py={line}", [])


def test_what_is_there_as_a_wheel_is_installed_once() -> None:
    told: list[str] = []
    first = provision.provided(_python(), ["tiny_one"], told.append)
    assert first.lacking == {}
    assert first.python.packages == {"tiny_one": "1.0"}
    assert first.python.words[0].startswith(str(provision.cache()))
    assert len(told) == 1
    again = provision.provided(_python(), ["tiny_one"], told.append)
    assert again == first
    assert len(told) == 1


def test_switches_stay() -> None:
    found = provision.provided(_python(f"PYTHONDEVMODE=1 {sys.executable} -B"), ["tiny_one"], print)
    assert found.python.words[:2] == ("env", "PYTHONDEVMODE=1")
    assert found.python.words[3] == "-B"
    assert found.python.runtime.allocator == "pymalloc_debug"


@pytest.mark.parametrize(
    ("name", "why"),
    [("tiny_other", "there is no wheel of it for this interpreter"), ("tiny_absent", "")],
)
def test_what_has_no_wheel_is_told(name: str, why: str, tmp_path: Path) -> None:
    found = provision.provided(_python(), ["tiny_one", name], print)
    assert found.python.packages == {"tiny_one": "1.0"}
    assert why in found.lacking[name]
    file = tmp_path / "needy.py"
    file.write_text(VARIANT.format(other=name))
    outside = Outside(pythons=(f"py={sys.executable}",), provision=True)
    with pytest.raises(ConfigError, match=f"py:needy: py has no {name}") as refused:
        catalog.choose(catalog.read(outside), [f"py:{file}"], {"stream"})
    assert "\n" not in str(refused.value)


def test_one_that_was_cut_short_is_made_anew() -> None:
    first = provision.provided(_python(), ["tiny_one"], print)
    venv = Path(first.python.words[0]).parent.parent
    (venv / provision.READY).unlink()  # as if it had been stopped before all was there
    again = provision.provided(_python(), ["tiny_one"], print)
    assert again == first
    assert again.python.packages == {"tiny_one": "1.0"}


def test_what_an_interpreter_has_stays() -> None:
    found = provision.provided(interpreters.examine(f"py={sys.executable}", ["pytest"]), *NEEDED)
    assert found.python.packages.keys() == {"pytest", "tiny_one"}
    assert found.lacking == {}


def test_another_version_is_taken_where_the_pinned_one_has_no_wheel_and_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(provision, "_pinned", lambda name: f"{name}==2.0")
    told: list[str] = []
    found = provision.provided(_python(), ["tiny_one"], told.append)
    assert found.python.packages == {"tiny_one": "1.0"}
    assert "there is no wheel of tiny_one==2.0; another version" in told[-1]


@pytest.mark.parametrize("how", ["/usr/bin/env {}", "A=b/c {}", "env A=1 B=2 {} -B"])
def test_what_stands_before_the_program_stays(how: str) -> None:
    python = _python(how.format(sys.executable))
    found = provision.provided(python, ["tiny_one"], print)
    place = python.words.index(sys.executable)
    assert found.python.words[:place] == python.words[:place]
    assert found.python.words[place + 1 :] == python.words[place + 1 :]


def test_a_program_that_cannot_be_told_is_refused() -> None:
    with pytest.raises(ConfigError, match="--provision: py is env -u A"):
        provision.provided(_python(f"env -u A {sys.executable}"), ["tiny_one"], print)


def test_without_uv_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ConfigError, match="there is no uv to make environments with"):
        provision.provided(_python(), ["tiny_one"], print)
