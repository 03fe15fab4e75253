"""The flow has one direction: what may import what."""

import ast
import graphlib
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.paths import ROOT

# From the floor to the roof: a room imports itself and the rooms before it, never one behind it.
ROOMS = (
    *("base", "model", "store", "plan", "analysis", "pairs", "verdicts"),
    *(
        "comparing",
        "history",
        "host",
        "launch",
        "running",
        "proving",
        "capacity",
        "report",
        "authoring",
        "teaching",
        "cli",
    ),
)
FILES_MOST = 9
# The generator's rooms that work after the window.
AFTERWARDS = tuple(
    f"loadgen/{n}.py"
    for n in ("histogram", "mapped", "columns", "samples", "stalls", "classes", "digest")
)
THIRD_PARTY = {
    # Where each of these may be imported, as the start of a path below the checkout.
    "msgspec": ("bench/store/", "bench/model/interpreter.py"),
    "matplotlib": ("bench/report/charts/", "bench/report/drawing/"),
    "pandas": ("bench/report/tables.py",),
    "scipy": (
        "bench/analysis/",
        "bench/pairs/",
        "bench/proving/looks.py",
        "bench/capacity/edge.py",
    ),
    "hdrh": (
        *("bench/store/validity.py", "bench/analysis/percentiles.py", "bench/report/export.py"),
        "loadgen/histogram.py",
    ),
    "numpy": (
        *("bench/analysis/", "bench/pairs/", "bench/report/", "bench/capacity/edge.py"),
        *AFTERWARDS,
    ),
}
# These decide from values alone: no clock, socket or file.
PURE = (
    *("bench/model", "bench/analysis", "bench/pairs", "bench/verdicts", "bench/comparing"),
    "bench/history",
    *("bench/proving/looks.py", "bench/proving/decision.py", "bench/proving/proof.py"),
    *("bench/proving/gating.py", "bench/proving/profile/result.py"),
    *(f"bench/capacity/{name}.py" for name in ("slo", "edge", "search", "reading", "finding")),
    *(
        "bench/plan/blocks.py",
        "bench/plan/workloads.py",
        "loadgen/pacing.py",
        "loadgen/schedule.py",
    ),
)
IMPURE_MODULES = {"time", "socket", "subprocess", "datetime", "asyncio", "select", "threading"}


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> Iterator[str]:
    """Yield the modules that a file imports, those within functions as well."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def roots(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported(path)}


def room_of(module: str) -> str | None:
    """Return the room that a module of the harness is in; None of one that is in no room."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "bench" else None


def test_the_rooms_are_those_that_there_are() -> None:
    folders = {path.name for path in (ROOT / "bench").iterdir() if path.is_dir()} - {"__pycache__"}
    assert folders == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_the_rooms_below_it(room: str) -> None:
    below = set(ROOMS[: ROOMS.index(room) + 1])
    for path in sources(f"bench/{room}"):
        rooms = {room_of(module) for module in imported(path)} - {None}
        assert rooms <= below, f"{path}: imports {sorted(map(str, rooms - below))}"


def test_each_room_says_in_one_sentence_what_it_is() -> None:
    for path in (ROOT / "bench").rglob("__init__.py"):
        docstring = ast.get_docstring(tree(path)) or ""
        assert docstring.endswith("."), path
        assert "\n" not in docstring, path


def test_a_room_can_be_taken_in_at_a_glance() -> None:
    folders = {path.parent for path in sources("bench")}
    for folder in folders:
        files = [path.name for path in folder.glob("*.py")]
        assert len(files) <= FILES_MOST, f"{folder}: {len(files)} files"


LINES_MOST = 250
FUNCTION_MOST = 40
# Tables of options and of fields; the hot loops say in their file's first line that they are such.
TABLES = {("bench/cli/run.py", "run"), ("loadgen/__main__.py", "generate")}
TABLES |= {("loadgen/digest.py", "digest"), ("bench/cli/changes/compare.py", "compare")}
TABLES |= {("bench/cli/planning/capacity.py", "capacity"), ("bench/cli/changes/ab.py", "ab")}
TABLES |= {("bench/cli/changes/history.py", "history")}


def test_no_file_and_no_function_is_too_long_to_be_taken_in() -> None:
    for path in sources("bench", "loadgen", "servers", "tests"):
        name = str(path.relative_to(ROOT))
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= LINES_MOST, name
        hot = text.startswith('"""HOT LOOP')
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                excused = (name, node.name) in TABLES or (hot and node.name == "loop")
                assert lines <= FUNCTION_MOST or excused, f"{name}: {node.name} has {lines} lines"


def test_servers_import_neither_the_harness_nor_the_generator() -> None:
    for path in sources("servers"):
        assert not roots(path) & {"bench", "loadgen"}, path


def test_the_generator_imports_neither_the_harness_nor_the_servers() -> None:
    for path in sources("loadgen"):
        assert not roots(path) & {"bench", "servers"}, path


def test_the_house_of_the_servers_needs_the_standard_library_only() -> None:
    for path in (ROOT / "servers").glob("*.py"):
        assert roots(path) - {"servers"} <= sys.stdlib_module_names, path


@pytest.mark.parametrize("package", THIRD_PARTY)
def test_a_library_is_imported_in_its_rooms_only(package: str) -> None:
    users = [path for path in sources("bench", "loadgen") if package in roots(path)]
    places = {str(path.relative_to(ROOT)) for path in users}
    outside = {place for place in places if not place.startswith(THIRD_PARTY[package])}
    assert not outside
    # A place that is named and not used would be a rule that cannot fail.
    unused = [
        start for start in THIRD_PARTY[package] if not any(p.startswith(start) for p in places)
    ]
    assert not unused


@pytest.mark.parametrize("name", PURE)
def test_decisions_are_pure(name: str) -> None:
    path = ROOT / name
    for source in [path] if path.suffix else sources(name):
        assert not roots(source) & IMPURE_MODULES, source


def test_the_generators_processes_start_without_heavy_imports() -> None:
    reached, waiting = set(), [ROOT / "loadgen" / "worker.py"]
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            ours = {name for name in imported(path) if name.startswith("loadgen.")}
            waiting += [ROOT / "loadgen" / f"{name.split('.')[1]}.py" for name in ours]
    assert len(reached) > 10
    for path in reached:
        assert roots(path) - {"loadgen"} <= sys.stdlib_module_names, path


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
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
            yield from names & modules
        elif isinstance(node, ast.Import):
            yield from {alias.name for alias in node.names} & modules
