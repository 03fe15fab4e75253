"""Which servers take part: names, families, patterns, files and commands become specs."""

import difflib
import fnmatch
import os
import shlex
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from bench.base.errors import ConfigError
from bench.model.interpreter import OWN, Interpreter
from bench.model.server import ROOT, Command, ServerSpec
from bench.plan import interpreters, provision
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
    provision: whether an interpreter gets what its servers need and it lacks
    """

    commands: tuple[str, ...] = ()
    loops: tuple[str, ...] = ()
    pythons: tuple[str, ...] = ()
    provision: bool = False

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
    provision: bool = False


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
    named = {python.name: python for python in pythons}
    if outside.provision and not outside.pythons:
        raise ConfigError(
            "--provision gives other interpreters what they lack: name one (--python)"
        )
    return Catalog(variants, brought, named, outside.provision)


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
    asked: list[tuple[Interpreter | None, ServerSpec]] = []
    skipped: list[str] = []
    prefixed = any(":" in word and word.partition(":")[0] in catalog.pythons for word in wanted)
    for word in wanted:
        if word == NATIVE_NAME and word not in catalog.brought:
            skipped.append(f"native: is not built ({BUILT_BY})")
            continue
        prefix, colon, rest = word.partition(":")
        python = catalog.pythons.get(prefix) if colon else None
        variants = _named(catalog, rest if python else word, kinds, tree=python is None)
        # Interpreters that no word names run every server beside ours.
        others = () if prefixed else tuple(catalog.pythons.values())
        asked += [(each, spec) for each in (python, *others) for spec in variants]
    specs, left_out = _under(asked, catalog.provision)
    skipped += left_out
    if not specs:
        reason = "; ".join(skipped) or "none serves the transports of the workloads"
        raise ConfigError(f"no server is left to measure: {reason}")
    return Choice(specs, tuple(dict.fromkeys(skipped)))


def _under(
    asked: Iterable[tuple[Interpreter | None, ServerSpec]], provide: bool
) -> tuple[dict[tuple[str, str], ServerSpec], list[str]]:
    """Return servers under their interpreters by kind and name, and why others are left out."""
    # A program of its own has no other interpreter.
    pairs = [(python, spec) for python, spec in asked if not (python and spec.command)]
    pythons: dict[str, Interpreter] = {}
    lacking: dict[str, dict[str, str]] = {}
    for name in dict.fromkeys(python.name for python, _ in pairs if python):
        found = next(python for python, _ in pairs if python and python.name == name)
        needed = {p for python, spec in pairs if python is found for p in spec.packages}
        pythons[name] = interpreters.asked(found, sorted(needed))
        if provide and needed - pythons[name].packages.keys():
            made = provision.provided(found, sorted(needed), _say)
            pythons[name], lacking[name] = made.python, made.lacking
    specs: dict[tuple[str, str], ServerSpec] = {}
    left_out = []
    for python, plain in pairs:
        spec = plain
        if python is not None:
            name = f"{python.name}:{spec.name}"
            spec = replace(spec, name=name, python=pythons[python.name])
        key = (spec.variant.kind if spec.variant else "", spec.name)
        if missing := spec.missing():
            left_out.append(_why_not(spec, missing, lacking.get(python.name if python else "", {})))
        elif specs.setdefault(key, spec) != spec:
            raise ConfigError(f"server {spec.name}: there is another of that name")
    return specs, left_out


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _why_not(spec: ServerSpec, missing: list[str], lacking: dict[str, str]) -> str:
    """Return why a server is left out, and what to do; lacking: what could not be provided."""
    python, named = spec.python, ", ".join(missing)
    if missing[0].startswith("Python "):
        return f"{spec.name}: needs {named} (run it under another: --python NAME=PATH)"
    if python is None:
        return f"{spec.name}: needs {named} ({install(missing)})"
    if why := [f"{name}: {lacking[name]}" for name in missing if name in lacking]:
        return f"{spec.name}: {python.name} has no {named} ({'; '.join(why)})"
    there = f"{shlex.join(python.words)} -m pip install {named.replace(',', '')}"
    return f"{spec.name}: {python.name} has no {named} (--provision, or {there})"


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


def check_base(base: str, specs: Iterable[ServerSpec]) -> None:
    """Refuse to compare with an interpreter that nothing runs under; raises ConfigError."""
    there = {spec.python.name if spec.python else OWN for spec in specs if not spec.command}
    if base and base not in there:
        raise ConfigError(f"--base {base}: no server runs under it; choose {' or '.join(there)}")
