"""The pages on models are up to date with the published runs; if not, `make docs` makes them so."""

import re

import pytest

from bench.teaching.neighbours import PAGES
from tests.support import model_pages
from tests.support.model_pages import FOLDER

PICTURE_MOST = 60_000


def words(svg: str) -> list[str]:
    """Return what is written in a picture: names, values, ticks."""
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def test_every_page_has_neighbours() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} - {"README"} == set(PAGES)
    assert {path.stem for path in (FOLDER / "charts").iterdir()} == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_the_published_run_does(name: str) -> None:
    assert (FOLDER / f"{name}.md").read_text() == model_pages.page(name, PAGES[name])


@pytest.mark.parametrize("name", PAGES)
def test_a_picture_is_of_the_published_run(name: str) -> None:
    path = FOLDER / "charts" / f"{name}.svg"
    assert path.stat().st_size < PICTURE_MOST
    svg, beside = path.read_text(), PAGES[name]
    assert words(svg) == words(model_pages.chart(beside))
    assert all(server in words(svg) for server in beside.servers)
    others = {cell.server for cell in model_pages.published(beside.run).servers}
    assert not (others - set(beside.servers)) & set(words(svg))
