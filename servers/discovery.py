"""Find the variants and read what they declare, without importing any of them."""

import ast
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from servers import work

KINDS = ("stream", "datagram")
HERE = Path(__file__).parent
FREE_THREADED = "free-threaded"


class VariantError(ValueError):
    """A file that is meant to be a variant is not; the message names the file and the remedy."""


@dataclass(frozen=True)
class Variant:
    """One server file and its declarations.

    kind: `stream` (TCP and Unix sockets) or `datagram` (UDP)
    requires: importable names of the packages it needs
    max_clients: clients served at once: None (no limit of the model's own), a number, or `pool`
    own_listeners: each worker opens its own listener by SO_REUSEPORT
    many_cpus: whether it can use more than one CPU at once: never, always, or where its threads are
        `free-threaded`, that is, no lock of the interpreter keeps them apart
    pool: whether the size of pools makes a difference to it, as to all that serve `pool` clients
    python: the least version that it runs under
    cannot: kinds of work that it cannot do
    isolates_slow_reader, bounds_memory: whether a client that stops reading leaves the others
        alone, and cannot make the server grow
    """

    kind: str
    name: str
    path: Path
    summary: str
    family: str
    requires: tuple[str, ...] = ()
    max_clients: int | str | None = None
    own_listeners: bool = False
    many_cpus: bool | str = False
    pool: bool = False
    python: tuple[int, ...] = (3, 11)
    cannot: tuple[str, ...] = ()
    isolates_slow_reader: bool = True
    bounds_memory: bool = True

    def missing(self) -> list[str]:
        """Return what it needs and is not here: packages, or another Python."""
        roots = [name.partition(".")[0] for name in self.requires]
        packages = [root for root in roots if importlib.util.find_spec(root) is None]
        return self.another_python(sys.version_info[:2]) + packages

    def another_python(self, version: tuple[int, ...]) -> list[str]:
        """Return which Python it needs, if one of this version is too old."""
        return [] if version >= self.python else [f"Python {'.'.join(map(str, self.python))}"]

    def clients_at_once(self, pool_size: int) -> int | None:
        """Return how many clients are served at once; None is as many as come."""
        return pool_size if self.max_clients == "pool" else self.max_clients  # type: ignore[return-value]

    @property
    def has_pool(self) -> bool:
        """Return whether the size of pools makes a difference to it."""
        return self.pool or self.max_clients == "pool"

    def uses_many_cpus(self, free_threaded: bool) -> bool:
        """Return whether it can use more than one CPU. free_threaded: no GIL is in the way."""
        return free_threaded if self.many_cpus == FREE_THREADED else bool(self.many_cpus)

    def workers(self, pool_size: int, cpus: int) -> int:
        """Return how many workers must answer before the server counts as ready."""
        if self.max_clients == "pool":
            return pool_size
        return cpus if self.own_listeners else 1


# The constants that a variant may declare, and the types that they may have.
DECLARATIONS: dict[str, tuple[type, ...]] = {
    "FAMILY": (str,),
    "REQUIRES": (tuple,),
    "MAX_CLIENTS": (int, str),
    "OWN_LISTENERS": (bool,),
    "MANY_CPUS": (bool, str),
    "POOL": (bool,),
    "PYTHON": (tuple,),
    "CANNOT": (tuple,),
    "ISOLATES_SLOW_READER": (bool,),
    "BOUNDS_MEMORY": (bool,),
    "KIND": (str,),
}


def read(path: Path) -> Variant:
    """Read a variant's declarations as literals from its file.

    Raises:
        VariantError: the file cannot be read or parsed, or lacks what a variant needs.
    """
    if path.exists() and not path.is_file():
        raise VariantError(f"{path}: cannot be read: it is no plain file")
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise VariantError(f"{path}: cannot be read: {error}") from None
    except (SyntaxError, ValueError) as error:
        line, why = getattr(error, "lineno", None), getattr(error, "msg", str(error))
        raise VariantError(f"{path}:{line or 1}: not valid Python: {why}") from None
    except (RecursionError, MemoryError):
        raise VariantError(f"{path}: is nested too deeply to be read") from None
    declared = _constants(path, tree)
    if "family" not in declared:
        raise VariantError(f'{path}: no FAMILY; add a line such as FAMILY = "asyncio"')
    if not any(isinstance(node, ast.FunctionDef) and node.name == "serve" for node in tree.body):
        raise VariantError(f"{path}: no serve; add def serve(listener, settings)")
    if path.stem in sys.stdlib_module_names:
        raise VariantError(f"{path}: shadows the standard module {path.stem}; rename the file")
    kind = declared.pop("KIND", path.parent.name if path.parent.name in KINDS else "stream")
    if kind not in KINDS:
        raise VariantError(f"{path}: KIND is {kind!r}; it must be one of {', '.join(KINDS)}")
    summary = (ast.get_docstring(tree) or "").partition("\n")[0].rstrip(".")
    name = path.stem.replace("_", "-")
    return Variant(kind, name, path.resolve(), summary, **declared)


def _constants(path: Path, tree: ast.Module) -> dict[str, Any]:
    """Return the declared constants, with the field names of Variant (KIND stays KIND)."""
    declared: dict[str, Any] = {}
    for node in tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        constant = target.id if isinstance(target, ast.Name) else ""
        if constant not in DECLARATIONS:
            continue
        try:
            value = ast.literal_eval(node.value)
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            value = node.value
        if problem := _problem(constant, value):
            raise VariantError(f"{path}:{node.lineno}: {constant} must {problem}")
        declared[constant if constant == "KIND" else constant.lower()] = value
    return declared


def _problem(constant: str, value: object) -> str:
    """Return what a declared value must be and is not, or nothing."""
    allowed = DECLARATIONS[constant]
    if type(value) not in allowed:
        return f"be a literal {' or '.join(kind.__name__ for kind in allowed)}"
    if constant == "FAMILY" and not value:
        return "not be empty"
    if constant == "MAX_CLIENTS" and value != "pool" and not (isinstance(value, int) and value > 0):
        return 'be a number or "pool"'
    if constant == "MANY_CPUS" and value not in (True, False, FREE_THREADED):
        return f'be True, False or "{FREE_THREADED}"'
    if constant == "PYTHON":
        whole = isinstance(value, tuple) and all(type(part) is int for part in value)
        return "" if whole and len(value) == 2 else "be a version such as (3, 12)"  # type: ignore[arg-type]
    if constant == "CANNOT" and not (isinstance(value, tuple) and set(value) <= set(work.KINDS)):
        return f"name kinds of work: {', '.join(work.KINDS)}"
    if isinstance(value, tuple) and not all(isinstance(name, str) and name for name in value):
        return 'hold importable names, such as ("gevent",)'
    return ""


def discover(folder: Path = HERE) -> dict[tuple[str, str], Variant]:
    """Return every variant below `stream/` and `datagram/`, by kind and name.

    Raises:
        VariantError: a file there is not a variant.
    """
    variants = [
        read(path)
        for kind in KINDS
        for path in sorted((folder / kind).glob("*.py"))
        if path.name != "__init__.py"
    ]
    return {(variant.kind, variant.name): variant for variant in variants}
