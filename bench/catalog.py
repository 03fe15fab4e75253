"""Which servers take part: names, families, patterns, files and commands become specs."""

import difflib
import fnmatch
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.config import ConfigError
from bench.spec import ROOT, Command, ServerSpec
from servers import discovery
from servers.discovery import Variant, VariantError

FOREIGN = "foreign"


@dataclass(frozen=True)
class Catalog:
    """The servers that can be named: by kind and name; `any` is the kind of a foreign command."""

    variants: dict[tuple[str, str], Variant]
    commands: dict[str, ServerSpec]


@dataclass(frozen=True)
class Choice:
    """The servers chosen, by kind and name, and why others were left out."""

    specs: dict[tuple[str, str], ServerSpec]
    skipped: tuple[str, ...]


def read(commands: list[str]) -> Catalog:
    """Return what can be named: the variants of the tree and the commands given.

    Raises:
        ConfigError: a file in the tree is not a variant, or a command cannot be used.
    """
    try:
        variants = discovery.discover()
    except VariantError as error:
        raise ConfigError(str(error)) from None
    specs: dict[str, ServerSpec] = {}
    for text in commands:
        spec = command_spec(text)
        if spec.name in specs or any(spec.name == name for _, name in variants):
            raise ConfigError(f"--command {spec.name}: a server has that name; choose another")
        specs[spec.name] = spec
    return Catalog(variants, specs)


def command_spec(text: str) -> ServerSpec:
    """Read `NAME=COMMAND`; raises ConfigError if it cannot be run."""
    name, equals, line = text.partition("=")
    if not equals or not name.strip() or any(c in name for c in " ,/*?["):
        raise ConfigError(f"--command {text!r}: write NAME='program {{host}} {{port}}'")
    try:
        command = Command.parse(line)
    except ValueError as error:
        raise ConfigError(f"--command {name}: {error} in {line!r}") from None
    if not command.words:
        raise ConfigError(f"--command {name}: is empty; write NAME='program {{host}} {{port}}'")
    program = command.words[0]
    if shutil.which(program) is None:
        there = "is not executable" if Path(program).exists() else "is not there"
        raise ConfigError(f"--command {name}: the program {program!r} {there}")
    if "{port}" not in line and "{path}" not in line:
        raise ConfigError(
            f"--command {name}: has no {{port}} (or {{path}}, for Unix sockets), so the server "
            "cannot be told where to listen"
        )
    return ServerSpec(name, FOREIGN, command=command)


def choose(catalog: Catalog, wanted: list[str], kinds: set[str]) -> Choice:
    """Return the servers that the words name, of the kinds that the workloads need.

    A word is a name, a family, a pattern, or a path to a file outside the tree. Servers whose
    packages are missing are left out, with the reason.

    Raises:
        ConfigError: a word names nothing, or nothing is left.
    """
    specs: dict[tuple[str, str], ServerSpec] = {}
    skipped: list[str] = []
    for word in wanted:
        if word in catalog.commands:
            specs[("any", word)] = catalog.commands[word]
            continue
        for variant in _matching(catalog, word, kinds):
            missing = variant.missing()
            if missing:
                skipped.append(f"{variant.name}: needs {', '.join(missing)} ({install(missing)})")
                continue
            key = (variant.kind, variant.name)
            if key in specs and specs[key].variant != variant:
                raise ConfigError(f"server {word!r}: there is another named {variant.name}")
            specs[key] = ServerSpec(variant.name, variant.family, variant)
    if not specs:
        reason = "; ".join(skipped) or "none serves the transports of the workloads"
        raise ConfigError(f"no server is left to measure: {reason}")
    return Choice(specs, tuple(dict.fromkeys(skipped)))


def again(fields: dict[str, Any]) -> ServerSpec:
    """Return a server of an earlier run from its description; raises ConfigError if it is gone."""
    name, family, source = fields["name"], fields["family"], fields["source"]
    if fields["kind"] == "any":
        return replace(command_spec(f"{name}={source}"), family=family)
    try:
        variant = discovery.read(ROOT / source)
    except VariantError as error:
        raise ConfigError(f"server {name}: {error}") from None
    return ServerSpec(name, family, variant)


def install(missing: list[str]) -> str:
    """Return the command that installs missing packages."""
    return f"make frameworks, or pip install {' '.join(missing)}"


def _matching(catalog: Catalog, word: str, kinds: set[str]) -> list[Variant]:
    """Return the variants that a word names; an exact name goes before a family."""
    if os.sep in word or word.endswith(".py"):
        return [_outside(catalog, word)]
    everywhere = list(catalog.variants.values())
    tests = (
        lambda variant: variant.name == word,
        lambda variant: variant.family == word,
        lambda variant: fnmatch.fnmatchcase(variant.name, word),
    )
    for test in tests:
        found = [variant for variant in everywhere if test(variant)]
        fitting = [variant for variant in found if variant.kind in kinds]
        if fitting:
            return fitting
        if found:
            kind = found[0].kind
            raise ConfigError(f"server {word!r}: serves {kind} sockets; no workload here has such")
    known = sorted({v.name for v in everywhere} | {v.family for v in everywhere})
    known += catalog.commands
    close = difflib.get_close_matches(word, known, 3)
    hint = f"did you mean {' or '.join(close)}?" if close else "see `bench list`"
    raise ConfigError(f"server {word!r}: there is none; {hint}")


def _outside(catalog: Catalog, word: str) -> Variant:
    path = Path(word)
    if not path.is_file():
        raise ConfigError(f"server {word}: there is no such file")
    try:
        variant = discovery.read(path)
    except VariantError as error:
        raise ConfigError(str(error)) from None
    known = catalog.variants.get((variant.kind, variant.name))
    if known is not None and known.path != variant.path:
        raise ConfigError(
            f"server {word}: {variant.name} is the name of a server of the tree; rename the file"
        )
    return variant
