"""Sources that go with a run: found with what they import, kept apart, refused if not the same."""

from pathlib import Path

import pytest

from bench.model.header import Source
from bench.model.server import Command, EventLoop, ServerSpec
from bench.store import sources
from servers.discovery import discover, read

VARIANTS = discover()


def spec(name: str, kind: str = "stream") -> ServerSpec:
    variant = VARIANTS[kind, name]
    return ServerSpec(name, variant.family, variant)


@pytest.mark.parametrize(
    ("server", "paths"),
    [
        (spec("asyncio-streams"), ["servers/stream/asyncio_streams.py"]),
        (
            spec("uvloop-streams"),
            ["servers/stream/uvloop_streams.py", "servers/stream/asyncio_streams.py"],
        ),
        (
            spec("thread-per-client"),
            ["servers/stream/thread_per_client.py", "servers/api.py"],
        ),
        (
            spec("asyncio-per-core"),
            [
                "servers/stream/asyncio_per_core.py",
                "servers/per_core.py",
                "servers/stream/asyncio_protocol.py",
            ],
        ),
        (
            spec("selectors-per-core", "datagram"),
            [
                "servers/datagram/selectors_per_core.py",
                "servers/datagram/selectors_default.py",
                "servers/per_core.py",
            ],
        ),
        (
            ServerSpec("mine", "loop", loop=EventLoop("mine:new", "protocol")),
            ["servers/stream/asyncio_protocol.py"],
        ),
        (ServerSpec("mine", "foreign", command=Command(("./mine",))), []),
    ],
    ids=lambda value: value.name if isinstance(value, ServerSpec) else "",
)
def test_what_a_server_is_made_of(server: ServerSpec, paths: list[str]) -> None:
    assert [each.path for each in sources.collect(server)] == paths


def test_every_variant_has_a_source_and_what_is_written_is_read_back(tmp_path: Path) -> None:
    for kind, name in VARIANTS:
        texts = sources.collect(spec(name, kind))
        sources.write(tmp_path, texts)
        assert texts[0].text == VARIANTS[kind, name].path.read_text()
        for each in texts:
            assert sources.read(tmp_path, each.source) == each.text


def test_a_file_from_outside_has_a_name_of_its_own(tmp_path: Path) -> None:
    text = VARIANTS["stream", "blocking"].path.read_text()
    texts = []
    for folder, comment in (("a", ""), ("b", "# another\n")):
        path = tmp_path / folder / "my server.py"
        path.parent.mkdir()
        path.write_text(text + comment)
        variant = read(path)
        texts.append(sources.collect(ServerSpec(variant.name, variant.family, variant))[0])
    assert texts[0].path.startswith("outside/my-server-")
    assert texts[0].path != texts[1].path


def test_only_what_was_measured_is_shown(tmp_path: Path) -> None:
    (each,) = sources.collect(spec("asyncio-protocol"))
    sources.write(tmp_path, [each])
    path = tmp_path / "sources" / each.path
    path.write_text(each.text + "\n")
    assert sources.read(tmp_path, each.source) is None
    path.unlink()
    assert sources.read(tmp_path, each.source) is None


def test_nothing_is_read_from_elsewhere(tmp_path: Path) -> None:
    (each,) = sources.collect(spec("asyncio-protocol"))
    elsewhere = tmp_path / "elsewhere.py"
    elsewhere.write_text(each.text)
    folder = tmp_path / "run"
    (folder / "sources").mkdir(parents=True)
    (folder / "sources" / "link.py").symlink_to(elsewhere)
    for path in ("link.py", "../../elsewhere.py", str(elsewhere)):
        assert sources.read(folder, Source(path, each.source.sha256)) is None
