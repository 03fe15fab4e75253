"""The facts that go with a report: terms, machine, versions, and what a server ran under."""

from collections.abc import Mapping, Sequence

from bench.base import wording
from bench.model.header import Header, ServerEntry


def ran_under(entry: ServerEntry) -> str:
    """Return the interpreter and the packages that a server ran under: `CPython 3.12.1, trio 0.30`.

    Its own, which need not be the harness's.
    """
    packages = [f"{name} {version}" for name, version in entry.packages.items()]
    return ", ".join([*([entry.python] if entry.python else []), *packages])


def differ(entries: Sequence[ServerEntry]) -> bool:
    """Tell if servers ran under several interpreters, or several versions of one package."""
    versions: dict[str, set[str]] = {}
    for entry in entries:
        for name, version in {"python": entry.python or "", **entry.packages}.items():
            versions.setdefault(name, set()).update({version} - {""})
    return any(len(of) > 1 for of in versions.values())


def groups(header: Header) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the groups of terms and machine facts as pairs of text."""
    groups: dict[str, Mapping[str, object]] = {
        "Terms": header.terms,
        "Machine": header.machine,
        "Versions of the harness": header.versions,
    }
    groups_shown = [
        (title, [(_worded(name), _printable(value)) for name, value in group.items()])
        for title, group in groups.items()
        if group
    ]
    if header.calibration is not None and header.calibration.amounts:
        amounts = [(each.name, each.in_words()) for each in header.calibration.amounts]
        groups_shown.append(("Work, measured out", amounts))
    source = {"version": header.version, "commit": header.commit}
    known = [(name, value) for name, value in source.items() if value]
    if known:
        groups_shown.append(("Source", known))
    return groups_shown


def _worded(name: str) -> str:
    # Names of options, such as TCP_NODELAY, stay as they are.
    return name if name.isupper() else name.replace("_mib", " (MiB)").replace("_", " ")


def _printable(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_printable(item)}" for name, item in value.items())
    if isinstance(value, list):
        return ", ".join(_printable(item) for item in value)
    if value is None or isinstance(value, bool):
        return {None: "not known", True: "yes", False: "no"}[value]
    return wording.number(value) if isinstance(value, float) else str(value)
