"""Which two servers stand beside each other: two names, or one server at two references."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from bench.base.errors import ConfigError
from bench.model.trial import TWIN
from bench.plan.catalog import Choice, Outside
from bench.proving import builds, refs
from bench.proving.refs import Reference, Repository
from bench.running.prepare import RESULTS

# The style in which an event loop does the least beside what it is for.
STYLE = "protocol"


@dataclass(frozen=True)
class Sides:
    """Two servers, A the baseline, as `--servers` takes them, and what they need.

    refs: the commits that they are of, empty for servers as they are here
    results: where the run goes: of references beside their builds, and not in the user's work tree
    """

    words: tuple[str, str]
    outside: Outside
    refs: tuple[Reference, ...] = ()
    results: Path = RESULTS


def of_refs(
    names: tuple[str, str],
    server: str | None,
    outside: Outside,
    build: str | None,
    python: str,
    tell: Callable[[str], None],
) -> Sides:
    """Return one server at two references of the repository here, both built.

    server: its name, or the path of its file in the repository; None: the event loop of `--loop`
    python: the interpreter that builds are for; tell: is told what takes long

    Raises:
        ConfigError: git or a build failed, or there is nothing to measure
    """
    word = server or _default(outside)
    is_file = "/" in word or word.endswith(".py")
    if build is None and not is_file:
        raise ConfigError(
            f"--servers {word}: is no file of the repository; say how a commit is built, such as "
            "--build 'pip install .'"
        )
    if outside.commands:
        raise ConfigError("--command: is the same at both references; leave it out")
    repository = refs.repository(Path.cwd())
    found = [repository.reference(name) for name in names]
    _tell_what_is_not_measured(repository, found, tell)
    made = [builds.built(repository, each, build, python, tell) for each in found]
    words = [f"{each.ref.label}:{_in(each, word, repository, is_file)}" for each in made]
    pythons = dict.fromkeys(f"{each.ref.label}={each.python}" for each in made)
    return Sides(
        (words[0], words[1]),
        replace(outside, pythons=tuple(pythons)),
        tuple(found),
        refs.cache(repository) / RESULTS,
    )


def _default(outside: Outside) -> str:
    if len(outside.loops) != 1:
        raise ConfigError("--build: name what is measured at both references, with --servers")
    return f"{outside.loops[0].partition('=')[0]}-{STYLE}"


def _tell_what_is_not_measured(
    repository: Repository, found: list[Reference], tell: Callable[[str], None]
) -> None:
    if repository.changed():
        tell(f"note: {repository.top} has changes that are not committed; they are not measured")
    if found[0].commit == found[1].commit:
        tell(f"note: {found[0].name} and {found[1].name} are the same commit")


def _in(build: builds.Build, word: str, repository: Repository, is_file: bool) -> str:
    """Return a server's name, or its file in the tree of a build; raises ConfigError."""
    if not is_file:
        return word
    place = repository.file(word)
    if not (build.tree / place).is_file():
        raise ConfigError(f"--servers {word}: is not in {build.ref}")
    return str(build.tree / place)


def names(sides: Sides, choice: Choice) -> tuple[str, str]:
    """Return what A and B are called in the run: of a server beside itself, it and its twin.

    choice: what the words of both name

    Raises:
        ConfigError: they name more or fewer than two
    """
    found = list(dict.fromkeys(spec.name for spec in choice.specs.values()))
    a, b = sides.words
    if len(found) == 1 and a == b:
        return found[0], found[0] + TWIN
    if len(found) == 2:
        return found[0], found[1]
    if choice.skipped:
        raise ConfigError(f"ab {a} {b}: not both can be measured: {'; '.join(choice.skipped)}")
    if len(found) == 1:
        raise ConfigError(f"ab {a} {b}: are the same server, {found[0]}; write one name twice")
    raise ConfigError(
        f"ab {a} {b}: name {len(found)} servers ({', '.join(found)}); name one of them each"
    )
