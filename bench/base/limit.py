"""A number that decides what is believed, with its unit, its reason and its source."""

from collections.abc import Mapping


class Limit(float):
    """A number with a reason, used as the number that it is.

    unit: what it is of; why: the reason for this value; source: where it comes from, `measured`
    for what was found out with this harness
    """

    unit: str
    why: str
    source: str

    def __new__(cls, value: float, unit: str, why: str, source: str) -> "Limit":
        """Return a number that can say why it is what it is."""
        limit = super().__new__(cls, value)
        limit.unit, limit.why, limit.source = unit, why, source
        return limit


def table(names: Mapping[str, object]) -> dict[str, Limit]:
    """Return the limits among the names of a module."""
    return {name: value for name, value in names.items() if isinstance(value, Limit)}
