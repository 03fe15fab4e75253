"""What a server is made of, and that trials of another one are not added to its."""

import dataclasses
from pathlib import Path

import pytest

from bench.base.errors import ConfigError
from bench.model.header import ServerEntry, Source
from bench.model.server import Command, ServerSpec
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


def test_a_variant_has_sources_and_no_files() -> None:
    found = discover()["stream", "blocking"]
    entry = header.describe(ServerSpec(found.name, found.family, found))
    assert entry.files == ()
    assert entry.sources
    assert entry.gil is True
    assert entry.jit in (True, False)


CHANGES = [
    ({"sources": (Source("a.py", "0" * 64),)}, "its source"),
    ({"files": (Source("./prog", "0" * 64),)}, "its program"),
    ({"python": "CPython 3.99"}, "its interpreter"),
    ({"gil": False}, "the GIL"),
    ({"jit": True}, "the JIT"),
    ({"packages": {"uvloop": "9"}}, "its packages"),
]


@pytest.mark.parametrize(("change", "words"), CHANGES)
def test_what_changed_is_named_and_refused(
    change: dict[str, object], words: str, tmp_path: Path
) -> None:
    before = ServerEntry("mine", gil=True, jit=False)
    now = dataclasses.replace(before, **change)  # type: ignore[arg-type]
    assert identity.changed(before, now) == [words]
    with pytest.raises(ConfigError, match=f"{words} of mine changed") as refused:
        identity.check(tmp_path, before, now)
    assert "\n" not in str(refused.value)
    identity.check(tmp_path, before, before)
