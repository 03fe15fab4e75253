"""Tables that give up columns, one after the other, until a terminal has room for them."""

from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table

# Wide enough for any table: what it would take is measured there.
ANY_WIDTH = 1000


def fitted(
    titles: Sequence[str],
    dispensable: Sequence[str],
    width: int,
    build: Callable[[list[str]], list[Table]],
) -> list[Table]:
    """Return what is built of the titles, without the first of those that can be spared.

    As few are left out as let all tables be within `width` columns; all of them if none does.
    """
    tables: list[Table] = []
    for left_out in range(len(dispensable) + 1):
        tables = build([title for title in titles if title not in dispensable[:left_out]])
        if all(Console(width=ANY_WIDTH).measure(each).maximum <= width for each in tables):
            break
    return tables
