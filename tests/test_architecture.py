"""The flow has one direction: what may import what."""

import ast
import graphlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# The generator's rooms that work after the window.
ANALYSIS = tuple(f"loadgen/{n}.py" for n in ("histogram", "columns", "digest", "selfcheck"))
THIRD_PARTY = {
    # Where each of these may be imported, as the start of a path below the checkout.
    "matplotlib": ("bench/charts",),
    "pandas": ("bench/frames.py", "bench/charts", "bench/report", "bench/"),
    "scipy": (
        *(f"bench/{n}.py" for n in ("stats", "prior", "compare", "differences", "steadiness")),
        *ANALYSIS,
    ),
    "hdrh": ("bench/histograms.py", "bench/export.py", "loadgen/histogram.py"),
    "numpy": ("bench/", *ANALYSIS),
}
# These decide from values alone: no clock, socket or file.
PURE = ("bench/plan.py", "bench/stats.py", "bench/checks.py", "loadgen/pacing.py")
IMPURE_MODULES = {"time", "socket", "subprocess", "datetime", "asyncio", "select"}


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def imported(path: Path, *, top_level_only: bool = False) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_servers_import_neither_the_harness_nor_the_generator() -> None:
    for path in sources("servers"):
        assert not {name.split(".")[0] for name in imported(path)} & {"bench", "loadgen"}, path


def test_the_generator_imports_neither_the_harness_nor_the_servers() -> None:
    for path in sources("loadgen"):
        assert not {name.split(".")[0] for name in imported(path)} & {"bench", "servers"}, path


def test_the_house_of_the_servers_needs_the_standard_library_only() -> None:
    for path in (ROOT / "servers").glob("*.py"):
        roots = {name.split(".")[0] for name in imported(path)} - {"servers"}
        assert roots <= sys.stdlib_module_names, path


@pytest.mark.parametrize("package", THIRD_PARTY)
def test_a_library_is_imported_in_its_rooms_only(package: str) -> None:
    for path in sources("bench", "loadgen"):
        if package in {name.split(".")[0] for name in imported(path)}:
            assert str(path.relative_to(ROOT)).startswith(THIRD_PARTY[package]), path


@pytest.mark.parametrize("name", PURE)
def test_decisions_are_pure(name: str) -> None:
    roots = {module.split(".")[0] for module in imported(ROOT / name)}
    assert not roots & IMPURE_MODULES


def test_the_generators_processes_start_without_heavy_imports() -> None:
    light = "worker driver closed open paced datagram stream recorder sockets payload plan pacing"
    for name in light.split():
        roots = {module.split(".")[0] for module in imported(ROOT / "loadgen" / f"{name}.py")}
        assert roots - {"loadgen"} <= sys.stdlib_module_names, name


def test_no_module_imports_one_that_imports_it() -> None:
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path
        for path in sources("bench", "loadgen", "servers")
    }
    graph = {name: set(_ours(path, set(modules))) - {name} for name, path in modules.items()}
    # Raises CycleError, which names the circle; imports within functions count as well.
    graphlib.TopologicalSorter(graph).prepare()


def _ours(path: Path, modules: set[str]) -> Iterator[str]:
    """Yield the modules of this tree that one imports, `from package import module` included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found = {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
            yield from found & modules
        elif isinstance(node, ast.Import):
            yield from {alias.name for alias in node.names} & modules
