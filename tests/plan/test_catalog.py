"""Names, families, patterns, files and commands become servers."""

import sys
from pathlib import Path

import pytest

from bench.base.errors import ConfigError
from bench.model.server import ServerSpec
from bench.plan import brought, catalog, workloads


class TestServers:
    known = catalog.read()

    def names(self, *wanted: str) -> list[str]:
        choice = catalog.choose(self.known, list(wanted), {"stream"})
        return [spec.name for spec in choice.specs.values()]

    def test_names_families_and_patterns(self) -> None:
        assert self.names("blocking") == ["blocking"]
        assert {"asyncio-streams", "asyncio-protocol"} <= set(self.names("asyncio"))
        assert set(self.names("uvloop-str*")) == {"uvloop-streams"}
        assert self.names("blocking", "blocking") == ["blocking"]

    def test_an_unknown_server_gets_a_hint(self) -> None:
        with pytest.raises(ConfigError, match="did you mean asyncio"):
            self.names("asyncoi")

    def test_a_file_outside_the_tree(self, tmp_path: Path) -> None:
        path = tmp_path / "my_own.py"
        path.write_text('"""Mine."""\nFAMILY = "mine"\ndef serve(listener, settings): ...\n')
        assert self.names(str(path)) == ["my-own"]
        with pytest.raises(ConfigError, match="no such file"):
            self.names(str(tmp_path / "other.py"))

    def test_a_file_that_needs_a_missing_package_is_left_out_with_the_reason(
        self, tmp_path: Path
    ) -> None:
        path = tmp_path / "needy.py"
        path.write_text(
            '"""Mine."""\nFAMILY = "mine"\nREQUIRES = ("no_such_package",)\n'
            "def serve(listener, settings): ...\n"
        )
        choice = catalog.choose(self.known, ["blocking", str(path)], {"stream"})
        assert [spec.name for spec in choice.specs.values()] == ["blocking"]
        assert "needs no_such_package" in choice.skipped[0]
        with pytest.raises(ConfigError, match="no server is left"):
            catalog.choose(self.known, [str(path)], {"stream"})

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("mine", "write NAME="),
            ("mine=", "is empty"),
            ("mine='open", "No closing quotation"),
            ("mine=/no/such/program {port}", "is not there"),
            ("mine=sleep 5", "no {port}"),
            ("blocking=sleep {port}", "a server has that name"),
        ],
    )
    def test_a_bad_command_is_refused(self, text: str, message: str) -> None:
        with pytest.raises(ConfigError, match=message):
            catalog.read(catalog.Outside(commands=(text,)))

    def test_a_command_serves_where_it_can_be_told_the_address(self) -> None:
        spec = brought.command_spec("mine=sleep {port}")
        assert spec.serves("tcp")
        assert not spec.serves("unix")
        points = workloads.workloads({"a": {"transport": ["tcp", "unix"]}})
        assert len(workloads.cells([spec], points)) == 1
        assert isinstance(spec, ServerSpec)


def test_another_interpreter_is_asked_for_what_a_file_outside_needs(tmp_path: Path) -> None:
    file = tmp_path / "outside.py"
    text = '"""One."""\nFAMILY = "mine"\nREQUIRES = ("pytest", "no_such_package")\n\n'
    file.write_text(text + "def serve(listener, settings): ...\n")
    installed = catalog.read(catalog.Outside(pythons=(f"py={sys.executable}",)))
    with pytest.raises(
        ConfigError, match=r"py:outside: py has no no_such_package \(--provision, or "
    ):
        catalog.choose(installed, [f"py:{file}"], {"stream"})


def test_a_name_without_a_colon_is_no_interpreter() -> None:
    catalogue = catalog.read(catalog.Outside(pythons=(f"selectors={sys.executable}",)))
    specs = catalog.choose(catalogue, ["selectors-default"], {"stream"}).specs
    assert {name for _, name in specs} == {"selectors-default", "selectors:selectors-default"}
    family = catalog.choose(catalogue, ["selectors"], {"stream"}).specs
    assert ("stream", "selectors:selectors-epoll") in family
