"""Which servers take part: names, families, patterns, files and commands become specs."""

import difflib
import fnmatch
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from bench.base.errors import ConfigError
from bench.model.interpreter import Interpreter
from bench.model.server import ROOT, Command, ServerSpec
from bench.plan import interpreters
from bench.plan.brought import LOOP_STYLES, command_spec, loop_specs
from loadgen.witness import BUILT_BY
from servers import discovery
from servers.discovery import Variant, VariantError

NATIVE_NAME = "native"
NATIVE = ROOT / "servers" / "native" / "echo"


@dataclass(frozen=True)
class Outside:
    """What users bring: each as it was written on the command line.

    commands: NAME='program {host} {port}'; loops: NAME=module:factory
    pythons: NAME='/path/to/python [options]'
    """

    commands: tuple[str, ...] = ()
    loops: tuple[str, ...] = ()
    pythons: tuple[str, ...] = ()

    def unlisted(self, wanted: Iterable[str]) -> tuple[str, ...]:
        """Return the --command and --loop servers that --servers does not mention."""
        listed = {word.rpartition(":")[2] for word in wanted}
        commands = [text.partition("=")[0] for text in self.commands]
        loops = [text.partition("=")[0] for text in self.loops]
        about = {name: {name} for name in commands}
        about |= {name: {name, *(f"{name}-{style}" for style in LOOP_STYLES)} for name in loops}
        return tuple(name for name, words in about.items() if not words & listed)


@dataclass(frozen=True)
class Catalog:
    """The servers that can be named: variants by kind and name, and what users bring."""

    variants: dict[tuple[str, str], Variant]
    brought: dict[str, ServerSpec]
    pythons: dict[str, Interpreter]


@dataclass(frozen=True)
class Choice:
    """The servers chosen, by kind and name, and why others were left out."""

    specs: dict[tuple[str, str], ServerSpec]
    skipped: tuple[str, ...]


def read(outside: Outside = Outside()) -> Catalog:
    """Return what can be named: the variants of the tree, and what users bring.

    Raises:
        ConfigError: a file in the tree is not a variant, or what is brought cannot be used.
    """
    try:
        variants = discovery.discover()
    except VariantError as error:
        raise ConfigError(str(error)) from None
    brought: dict[str, ServerSpec] = native()
    # Which modules another interpreter has, it is asked.
    here = not outside.pythons
    loops = [spec for text in outside.loops for spec in loop_specs(text, here=here)]
    packages = {name for each in variants.values() for name in each.requires}
    packages |= {name for spec in loops for name in spec.loop_packages}
    pythons = [interpreters.examine(text, sorted(packages)) for text in outside.pythons]
    specs = [command_spec(text) for text in outside.commands] + loops
    for spec in specs:
        taken = {NATIVE_NAME, *brought, *(name for _, name in variants)}
        if spec.name in taken:
            raise ConfigError(f"{spec.name}: a server has that name; choose another")
        brought[spec.name] = spec
    return Catalog(variants, brought, {python.name: python for python in pythons})


def native() -> dict[str, ServerSpec]:
    """Return the C server by its name, if `make native` has built it."""
    command = Command((str(NATIVE), "{host}", "{port}"))
    spec = ServerSpec(NATIVE_NAME, NATIVE_NAME, command=command)
    return {NATIVE_NAME: spec} if NATIVE.exists() else {}


def choose(catalog: Catalog, wanted: list[str], kinds: set[str]) -> Choice:
    """Return the servers that the words name, of the kinds that the workloads need.

    A word is a name, a family, a pattern, or a path to a file outside the tree. Servers whose
    packages are missing are left out, with the reason.

    Raises:
        ConfigError: a word names nothing, or nothing is left.
    """
    specs: dict[tuple[str, str], ServerSpec] = {}
    skipped: list[str] = []
    prefixed = any(word.partition(":")[0] in catalog.pythons for word in wanted)
    for word in wanted:
        if word == NATIVE_NAME and word not in catalog.brought:
            skipped.append(f"native: is not built ({BUILT_BY})")
            continue
        prefix, _, rest = word.partition(":")
        python = catalog.pythons.get(prefix)
        variants = _named(catalog, rest if python else word, kinds, tree=python is None)
        # Interpreters that no word names run every server beside ours.
        others = () if prefixed else tuple(catalog.pythons.values())
        for each in (python, *others):
            for spec in variants:
                reason = _add(specs, spec, each and interpreters.asked(each, spec.packages))
                skipped += [reason] if reason else []
    if not specs:
        reason = "; ".join(skipped) or "none serves the transports of the workloads"
        raise ConfigError(f"no server is left to measure: {reason}")
    return Choice(specs, tuple(dict.fromkeys(skipped)))


def _add(
    specs: dict[tuple[str, str], ServerSpec], spec: ServerSpec, python: Interpreter | None
) -> str:
    """Add a server under an interpreter; return why it was left out, if it was."""
    if python is not None:
        if spec.command is not None:
            return ""  # a program of its own has no other interpreter
        spec = replace(spec, name=f"{python.name}:{spec.name}", python=python)
    missing = spec.missing()
    if missing:
        remedy = f"install them for {python.name}" if python else install(missing)
        if missing[0].startswith("Python "):
            remedy = "run it under another: --python NAME=PATH"
        return f"{spec.name}: needs {', '.join(missing)} ({remedy})"
    key = (spec.variant.kind if spec.variant else "", spec.name)
    if key in specs and specs[key] != spec:
        raise ConfigError(f"server {spec.name}: there is another of that name")
    specs[key] = spec
    return ""


def _named(catalog: Catalog, word: str, kinds: set[str], *, tree: bool) -> list[ServerSpec]:
    """Return the servers that a word names; what users bring goes before the tree.

    tree: whether a file beside the tree needs a name that no server of the tree has
    """
    by_name = [spec for spec in catalog.brought.values() if spec.name == word]
    by_family = [spec for spec in catalog.brought.values() if spec.family == word]
    if by_name or by_family:
        return by_name or by_family
    return [ServerSpec(v.name, v.family, v) for v in _matching(catalog, word, kinds, tree=tree)]


def install(missing: list[str]) -> str:
    """Return the command that installs missing packages."""
    return f"make frameworks, or pip install {' '.join(missing)}"


def _matching(catalog: Catalog, word: str, kinds: set[str], *, tree: bool) -> list[Variant]:
    """Return the variants that a word names; an exact name goes before a family."""
    if os.sep in word or word.endswith(".py"):
        return [_outside(catalog, word, tree=tree)]
    everywhere = list(catalog.variants.values())
    tests = (
        lambda variant: variant.name == word,
        lambda variant: variant.family == word,
        lambda variant: fnmatch.fnmatchcase(variant.name, word),
    )
    for test in tests:
        matching = [variant for variant in everywhere if test(variant)]
        fitting = [variant for variant in matching if variant.kind in kinds]
        if fitting:
            return fitting
        if matching:
            kind = matching[0].kind
            raise ConfigError(f"server {word!r}: serves {kind} sockets; no workload here has such")
    known = sorted({v.name for v in everywhere} | {v.family for v in everywhere})
    known += catalog.brought
    close = difflib.get_close_matches(word, known, 3)
    hint = f"did you mean {' or '.join(close)}?" if close else "see `bench list`"
    raise ConfigError(f"server {word!r}: there is none; {hint}")


def _outside(catalog: Catalog, word: str, *, tree: bool) -> Variant:
    path = Path(word)
    if not path.is_file():
        raise ConfigError(f"server {word}: there is no such file")
    try:
        variant = discovery.read(path)
    except VariantError as error:
        raise ConfigError(str(error)) from None
    known = catalog.variants.get((variant.kind, variant.name))
    if tree and known is not None and known.path != variant.path:
        raise ConfigError(
            f"server {word}: {variant.name} is the name of a server of the tree; rename the file"
        )
    return variant
