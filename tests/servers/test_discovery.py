"""Variants are found and read without being imported."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench.authoring import scaffold
from bench.model.interpreter import Interpreter, Runtime
from bench.model.server import Command, EventLoop, ServerSpec
from servers import discovery
from servers.discovery import Variant, VariantError
from tests.support.paths import ROOT

MODELS = ROOT / "docs" / "models"
SERVE = "def serve(listener, settings): ...\n"


def write(folder: Path, text: str, name: str = "mine.py") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text)
    return path


def test_the_card_is_there() -> None:
    card = {
        "blocking",
        "thread-per-client",
        "process-pool",
        "selectors-default",
        "asyncio-streams",
        "asyncio-protocol",
        "uvloop-streams",
        "uvloop-protocol",
    }
    assert card <= {name for kind, name in discovery.discover() if kind == "stream"}


def test_every_variant_sums_itself_up() -> None:
    for variant in discovery.discover().values():
        assert variant.summary, variant.path
        assert len(variant.summary) < 100, variant.path


def test_every_variant_is_short() -> None:
    for variant in discovery.discover().values():
        assert len(variant.path.read_text().splitlines()) <= 110, variant.path


def test_the_catalogue_is_complete() -> None:
    asyncio_styles = {"streams", "protocol", "buffered", "sockets"}
    catalogue = {
        "stream": {
            *("blocking", "thread-per-client", "thread-pool", "fork-per-client", "process-pool"),
            *("socketserver-threading", "busy-poll", "selectors-default", "selectors-select"),
            *("selectors-poll", "selectors-epoll", "selectors-per-core", "asyncio-per-core"),
            *("uvloop-per-core", "asyncio-per-thread"),
            *("gevent", "trio", "anyio", "twisted", "tornado"),
            *(f"{loop}-{style}" for loop in ("asyncio", "uvloop") for style in asyncio_styles),
        },
        "datagram": {
            *("blocking", "thread-pool", "selectors-default", "asyncio-protocol"),
            *("uvloop-protocol", "selectors-per-core", "gevent", "trio"),
        },
    }
    for kind, wanted in catalogue.items():
        assert wanted <= {name for found, name in discovery.discover() if found == kind}


def test_every_family_has_a_page_and_no_link_is_dead() -> None:
    index = (MODELS / "README.md").read_text()
    for variant in discovery.discover().values():
        assert f"({variant.family}.md)" in index
    for page in MODELS.glob("*.md"):
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_a_file_is_read_as_literals(tmp_path: Path) -> None:
    path = write(
        tmp_path / "datagram",
        '"""What it does.\n\nMore."""\nimport no_such_package\n'
        'FAMILY: str = "mine"\nREQUIRES = ("no_such_package",)\nMAX_CLIENTS = "pool"\n'
        "OWN_LISTENERS = True\nMANY_CPUS = True\n"
        f"ISOLATES_SLOW_READER = False\nBOUNDS_MEMORY = False\n{SERVE}",
        "my_own.py",
    )
    variant = discovery.read(path)
    assert variant == Variant(
        "datagram",
        "my-own",
        path,
        "What it does",
        "mine",
        ("no_such_package",),
        "pool",
        own_listeners=True,
        many_cpus=True,
        isolates_slow_reader=False,
        bounds_memory=False,
    )
    assert variant.missing() == ["no_such_package"]
    assert variant.clients_at_once(pool_size=7) == 7


def test_who_can_use_more_than_one_cpu() -> None:
    """Workers of their own make a model parallel; threads do where no lock keeps them apart."""
    always, threads = set(), set()
    for variant in discovery.discover().values():
        always |= {variant.family} if variant.uses_many_cpus(free_threaded=False) else set()
        threads |= {variant.family} if variant.uses_many_cpus(free_threaded=True) else set()
    assert always == {
        *("per-core", "process-pool", "fork-per-client", "offload", "interpreter-pool"),
    }
    assert threads - always == {"thread-per-client", "thread-pool"}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (ServerSpec("mine", "foreign", command=Command(("mine", "{port}"))), True),
        (ServerSpec("native", "native", command=Command(("echo", "{port}"))), False),
        (ServerSpec("mine-streams", "mine", loop=EventLoop("mine:loop", "streams")), False),
    ],
)
def test_what_servers_from_outside_can_use(spec: ServerSpec, expected: bool) -> None:
    assert spec.many_cpus == expected


@pytest.mark.parametrize("gil", [True, False])
def test_the_interpreter_decides_for_threads(gil: bool) -> None:
    runtime = Runtime("CPython", "3.14.0", free_threaded=True, gil=gil)
    python = Interpreter("other", ("python3",), runtime, {})
    variant = discovery.discover()["stream", "thread-per-client"]
    spec = ServerSpec("other:threads", variant.family, variant, python=python)
    assert spec.many_cpus == (not gil)


def test_a_file_elsewhere_says_its_kind_or_is_a_stream(tmp_path: Path) -> None:
    assert discovery.read(write(tmp_path, f'FAMILY = "x"\n{SERVE}')).kind == "stream"
    text = f'FAMILY = "x"\nKIND = "datagram"\n{SERVE}'
    assert discovery.read(write(tmp_path, text)).kind == "datagram"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SERVE, "no FAMILY"),
        ('FAMILY = "x"\n', "no serve"),
        ("FAMILY = (\n", "not valid Python"),
        (f"FAMILY = 3\n{SERVE}", "FAMILY must be a literal str"),
        (f'FAMILY = "x"\nMAX_CLIENTS = limit()\n{SERVE}', "MAX_CLIENTS must be a literal int or"),
        (f'FAMILY = "x"\nMAX_CLIENTS = 0\n{SERVE}', 'a number or "pool"'),
        (f'FAMILY = "x"\nMAX_CLIENTS = -3\n{SERVE}', 'a number or "pool"'),
        (f'FAMILY = "x"\nMAX_CLIENTS = "few"\n{SERVE}', 'a number or "pool"'),
        (f'FAMILY = "x"\nREQUIRES = "gevent"\n{SERVE}', "REQUIRES must be a literal tuple"),
        (f'FAMILY = "x"\nREQUIRES = (3,)\n{SERVE}', "REQUIRES must hold importable names"),
        (f'FAMILY = "x"\nMANY_CPUS = 4\n{SERVE}', "MANY_CPUS must be a literal bool or str"),
        (f'FAMILY = "x"\nMANY_CPUS = "all"\n{SERVE}', 'True, False or "free-threaded"'),
        (f'FAMILY = "x"\nKIND = "ring"\n{SERVE}', "KIND is 'ring'"),
    ],
)
def test_what_is_no_variant_is_refused_in_one_line(text: str, message: str, tmp_path: Path) -> None:
    path = write(tmp_path, text)
    with pytest.raises(VariantError) as caught:
        discovery.read(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_name_of_the_standard_library_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VariantError, match="shadows the standard module selectors"):
        discovery.read(write(tmp_path, f'FAMILY = "x"\n{SERVE}', "selectors.py"))


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_what_cannot_be_read_is_refused(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(VariantError, match="cannot be read"):
        discovery.read(path)


def test_a_new_file_is_found_with_no_other_edit(tmp_path: Path) -> None:
    write(tmp_path / "stream", f'"""New."""\nFAMILY = "x"\n{SERVE}', "brand_new.py")
    (tmp_path / "datagram").mkdir()
    assert list(discovery.discover(tmp_path)) == [("stream", "brand-new")]


def test_finding_imports_no_variant() -> None:
    program = (
        "import sys; from servers import discovery; discovery.discover(); "
        "sys.exit(any(name.startswith(('servers.stream', 'servers.datagram', 'uvloop')) "
        "for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_scaffold_writes_a_variant_that_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stream").mkdir()
    monkeypatch.setattr(scaffold, "STREAM", tmp_path / "stream")
    path = scaffold.write("my-server")
    assert path == tmp_path / "stream" / "my_server.py"
    assert discovery.read(path).name == "my-server"
    with pytest.raises(ValueError, match="exists"):
        scaffold.write("my_server")


def test_an_installed_package_is_not_written_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scaffold, "IN_TREE", False)
    monkeypatch.chdir(tmp_path)
    assert discovery.read(scaffold.write("my-server").resolve()).path == tmp_path / "my_server.py"


@pytest.mark.parametrize(
    "name", ["", "9lives", "../up", "a b", "class", "selectors", "Mine", "x.py"]
)
def test_the_scaffold_refuses_a_bad_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scaffold, "STREAM", tmp_path)
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        scaffold.write(name)
    assert list(tmp_path.iterdir()) == []
