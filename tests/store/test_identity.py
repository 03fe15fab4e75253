"""What a server is made of, and that trials of another one are not added to its."""

import dataclasses
import sys
from pathlib import Path

import pytest

from bench.base.errors import ConfigError
from bench.model.header import ServerEntry, Source
from bench.model.interpreter import Interpreter, here
from bench.model.server import Command, EventLoop, ServerSpec
from bench.running import header
from bench.store import identity
from servers.discovery import discover


def _script(folder: Path, text: str = "print(1)") -> Path:
    path = folder / "server.py"
    path.write_text(text)
    return path


def _foreign(script: Path) -> ServerSpec:
    return ServerSpec("mine", "other", command=Command(("python3", str(script), "{port}")))


def test_a_command_is_its_program_and_the_files_that_it_names(tmp_path: Path) -> None:
    script = _script(tmp_path)
    program, named = identity.files(_foreign(script))
    assert program.path == "python3"
    assert named == Source(str(script), named.sha256)
    script.write_text("print(2)")
    assert identity.files(_foreign(script)) != (program, named)
    assert identity.files(_foreign(script))[0] == program


def test_files_behind_an_option_and_in_a_shells_line_count_as_well(tmp_path: Path) -> None:
    script = _script(tmp_path)
    words = ("sh", f"--rcfile={script}", "-c", f"exec python3 {script} {{port}}", "a 'b", "{port}")
    found = identity.files(ServerSpec("mine", "other", command=Command(words)))
    assert [source.path for source in found] == ["sh", str(script), "python3"]
    behind = ("env", "A=1", "python3", "-m", "no.file", "{port}")
    found = identity.files(ServerSpec("mine", "other", command=Command(behind)))
    assert [source.path for source in found] == ["env", "python3"]


def test_another_interpreter_is_its_program_and_its_packages() -> None:
    python = Interpreter("old", (sys.executable, "-X", "utf8"), here(), {})
    blocking = discover()["stream", "blocking"]
    spec = ServerSpec("old:blocking", "blocking", blocking, python=python)
    (program,) = identity.files(spec)
    assert sys.executable.endswith(program.path)
    needy = discover()["stream", "uvloop-streams"]
    other = dataclasses.replace(python, packages={"uvloop": "0.0.1", "trio": "9"})
    entry = header.describe(ServerSpec("old:u", "uvloop", needy, python=other))
    assert entry.packages == {"uvloop": "0.0.1"}


def test_an_event_loop_is_its_package_and_its_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    module = tmp_path / "myloop_for_a_test.py"
    module.write_text("new = 1")
    entry = header.describe(
        ServerSpec("mine", "mine", loop=EventLoop("myloop_for_a_test:new", "streams"))
    )
    assert entry.packages == {"myloop_for_a_test": "installed"}
    assert [source.path for source in entry.files] == ["myloop_for_a_test"]
    plain = header.describe(ServerSpec("a", "a", loop=EventLoop("asyncio:new", "streams")))
    assert (plain.packages, plain.files) == ({}, ())


def test_a_variant_has_sources_and_no_files() -> None:
    found = discover()["stream", "blocking"]
    entry = header.describe(ServerSpec(found.name, found.family, found))
    assert entry.files == ()
    assert entry.sources
    assert entry.gil is True
    assert entry.jit in (True, False)


WHOLE = ServerEntry(
    "mine",
    python="CPython 3.12.1",
    packages={"uvloop": "1"},
    sources=(Source("a.py", "1" * 64),),
    files=(Source("./prog", "1" * 64),),
    gil=True,
    jit=False,
)
CHANGES = [
    ({"sources": (Source("a.py", "0" * 64),)}, "the source"),
    ({"files": (Source("./prog", "0" * 64),)}, "the program"),
    ({"python": "CPython 3.99"}, "the interpreter"),
    ({"gil": False}, "the GIL"),
    ({"jit": True}, "the JIT"),
    ({"packages": {"uvloop": "9"}}, "the packages"),
]


@pytest.mark.parametrize(("change", "words"), CHANGES)
def test_what_changed_is_named_and_refused(
    change: dict[str, object], words: str, tmp_path: Path
) -> None:
    before = WHOLE
    now = dataclasses.replace(before, **change)  # type: ignore[arg-type]
    assert identity.changed(before, now) == [words]
    with pytest.raises(ConfigError, match=f"{words} of mine changed") as refused:
        identity.check(tmp_path, before, now)
    assert "\n" not in str(refused.value)
    identity.check(tmp_path, before, before)


@pytest.mark.parametrize("name", ["sources", "files", "python", "gil", "jit", "packages"])
def test_what_an_earlier_version_did_not_record_is_not_taken_for_equal(
    name: str, tmp_path: Path
) -> None:
    bare = dataclasses.replace(WHOLE, **{name: getattr(ServerEntry("mine"), name)})
    assert identity.changed(bare, WHOLE) == []
    assert identity.unknown(bare, WHOLE) == [identity.SAME[name]]
    with pytest.raises(ConfigError, match="nobody knows whether that changed") as refused:
        identity.check(tmp_path, bare, WHOLE)
    assert "\n" not in str(refused.value)
    # What was there and is gone did change.
    assert identity.changed(WHOLE, bare) == [identity.SAME[name]]
