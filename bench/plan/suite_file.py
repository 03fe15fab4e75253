"""Suites and options, checked: what comes out of here can be planned and run."""

import shlex
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.base.errors import ConfigError, in_words
from bench.plan.workloads import AXES, KEPT, WORDS

SUITES = Path(__file__).parent / "suites"
DEFAULT_SUITE = "default"
# A suite that is longer is none: the longest of ours has 2 KB.
SUITE_BYTES = 1 << 20


@dataclass(frozen=True)
class Suite:
    """What to measure: servers by name, family or pattern, and tables of axes.

    duration_s, warmup_s, drain_s: of a trial; trials: how often each cell is measured
    budget_s: time limit for blocks that are added or repeated; None is a part of the time planned
    workloads: for each table, the values of each of its axes
    """

    name: str
    servers: tuple[str, ...]
    workloads: dict[str, dict[str, list[Any]]]
    duration_s: float = 2.0
    warmup_s: float = 0.5
    drain_s: float = 1.0
    trials: int = 5
    seed: int = 1
    budget_s: float | None = None
    summary: str = field(default="", compare=False)


# The bounds of the numbers that a suite or an option may set.
BOUNDS: dict[str, tuple[float, float]] = {
    "duration_s": (0.05, 86_400),
    "warmup_s": (0, 3600),
    "drain_s": (0, 3600),
    "trials": (1, 10_000),
    "seed": (0, 2**63 - 1),
    "budget_s": (0, 604_800),
}
WHOLE = {"trials", "seed"}


def suites() -> list[str]:
    """Return the names of the suites that come with the harness."""
    return sorted(path.stem for path in SUITES.glob("*.toml"))


def load(name: str) -> Suite:
    """Read a suite by its name, or from a file of your own.

    Raises:
        ConfigError: there is no such suite, or it is not valid; with the file and the line.
    """
    path = SUITES / f"{name}.toml" if name in suites() else Path(name)
    if path.is_dir():
        raise ConfigError(f"suite {name}: is a folder; name a .toml file")
    try:
        tables = tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"suite {path}: {error}") from None
    except RecursionError:
        raise ConfigError(f"suite {path}: has too many brackets within each other") from None
    except FileNotFoundError:
        raise ConfigError(
            f"suite {name!r}: there is none; choose from {', '.join(suites())}, or name a file"
        ) from None
    except OSError as error:
        raise ConfigError(f"suite {in_words(error)}") from None
    except ValueError as error:  # no UTF-8, a NUL in the name, a number of 5,000 digits
        raise ConfigError(f"suite {path}: cannot be read: {error}".splitlines()[0]) from None
    return parse(path.stem, str(path), tables)


def _text(path: Path) -> str:
    """Return what is in a file of a suite's size; raises OSError, ValueError."""
    if path.exists() and not path.is_file():
        raise ValueError("it is no plain file")  # nobody may ever write into a pipe
    with path.open("rb") as file:
        data = file.read(SUITE_BYTES + 1)
    if len(data) > SUITE_BYTES:
        raise ValueError(f"it is longer than {SUITE_BYTES:,} bytes")
    return data.decode()


def parse(name: str, where: str, tables: dict[str, Any]) -> Suite:
    """Check the tables of a suite; `where` names their source in messages."""
    tables = dict(tables)
    servers = tables.pop("servers", None)
    if not _is_list_of(servers, str):
        raise ConfigError(f'suite {where}: servers must be a list such as ["asyncio", "uvloop"]')
    workloads = tables.pop("workloads", None)
    if not isinstance(workloads, dict) or not workloads:
        raise ConfigError(f"suite {where}: has no workload; add a table [workloads.NAME]")
    axes = {table: _axes(where, table, values) for table, values in workloads.items()}
    summary = tables.pop("summary", "")
    unknown = tables.keys() - BOUNDS.keys()
    if unknown:
        raise ConfigError(
            f"suite {where}: unknown key {min(unknown)!r}; known are servers, summary, workloads, "
            + ", ".join(BOUNDS)
        )
    numbers = {key: number(f"suite {where}: {key}", key, value) for key, value in tables.items()}
    return Suite(name, tuple(servers), axes, summary=str(summary), **numbers)


def _axes(where: str, table: str, values: Any) -> dict[str, list[Any]]:
    if not isinstance(values, dict):
        raise ConfigError(f"suite {where}: workloads.{table} must be a table of axes")
    for axis, value in values.items():
        if axis not in AXES:
            raise ConfigError(
                f"suite {where}: workload {table} has no axis {axis!r}; axes are {', '.join(AXES)}"
            )
        points = value if isinstance(value, list) else [value]
        if not points or not all(isinstance(point, int | float | str) for point in points):
            raise ConfigError(f"suite {where}: workload {table}: {axis} must be a value or a list")
    return {
        axis: [
            axis_value(f"suite {where}: workload {table}: {axis}", axis, point)
            for point in (value if isinstance(value, list) else [value])
        ]
        for axis, value in values.items()
    }


def axis_value(where: str, axis: str, value: Any) -> Any:
    """Return a value of an axis with its type; raises ConfigError."""
    if axis in WORDS:
        return str(value)
    if axis == "requests_per_connection" and value == KEPT[0]:
        return value
    if axis == "rate" and value == "common":
        return value
    wanted = float if axis == "rate" else int
    try:
        typed = wanted(value)
        if isinstance(value, bool) or typed != float(value):
            raise ValueError
    except (ValueError, OverflowError):
        kind = "number" if axis == "rate" else "whole number"
        raise ConfigError(f"{where}: {value!r} is not a {kind}") from None
    return typed


def axis_values(axis: str, text: str) -> list[Any]:
    """Return the values of an axis that an option lists; raises ConfigError."""
    flag = f"--{axis.replace('_', '-')}"
    values = [axis_value(flag, axis, word) for word in words(text)]
    if not values:
        raise ConfigError(f"{flag}: is empty; give a value")
    return values


def fraction(text: str, flag: str = "--until") -> float:
    """Read `3%` or `0.03`; raises ConfigError, which names the flag."""
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = float("nan")
    if not 0 < value < 1:
        raise ConfigError(f"{flag} {text!r}: write a percentage such as 3%")
    return value


def number(where: str, key: str, value: Any) -> Any:
    """Return a number within the bounds of its key; raises ConfigError."""
    low, high = BOUNDS[key]
    kind = "a whole number" if key in WHOLE else "a number"
    ok = isinstance(value, int if key in WHOLE else int | float) and not isinstance(value, bool)
    if not ok or not low <= value <= high:
        raise ConfigError(f"{where} is {value!r}; give {kind} from {low:g} to {high:g}")
    return value


def _is_list_of(value: Any, kind: type) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, kind) for v in value)


def override(suite: Suite, options: dict[str, Any], axes: dict[str, list[Any]]) -> Suite:
    """Return the suite with options in place of its own, and axes replaced in each workload.

    options: by field name; None keeps the suite's. `workloads` chooses tables by name.

    Raises:
        ConfigError: an option is out of bounds, or names an unknown workload.
    """
    given = {key: value for key, value in options.items() if value is not None}
    chosen = given.pop("workloads", None)
    tables = suite.workloads
    if chosen is not None:
        if not chosen:
            raise ConfigError(f"--workloads: is empty; choose from {', '.join(tables)}")
        for name in chosen:
            if name not in tables:
                raise ConfigError(
                    f"workload {name!r}: the suite {suite.name} has none; "
                    f"choose from {', '.join(tables)}"
                )
        tables = {name: tables[name] for name in tables if name in chosen}
    tables = {name: table | axes for name, table in tables.items()}
    for key in given.keys() & BOUNDS.keys():
        number(f"--{key.removesuffix('_s').replace('_', '-')}", key, given[key])
    return replace(suite, workloads=tables, **given)


def words(text: str) -> list[str]:
    """Split a list as users write it, by commas or spaces; quotes hold a path together.

    Raises:
        ConfigError: a quote is not closed.
    """
    lexer = shlex.shlex(text, posix=True, punctuation_chars=False)
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = ", \t\r\n", True, ""
    try:
        return [word for word in lexer if word]
    except ValueError:
        raise ConfigError(f"{text!r}: a quote is not closed") from None
