"""The README's table and picture are of the published run; if not, `make docs` makes them so."""

import re

from tests.support import front

PICTURE_MOST = 60_000


def test_the_table_is_of_the_published_run() -> None:
    assert front.PAGE.read_text() == front.page()


def test_the_picture_is_of_the_published_run_and_asks_no_host() -> None:
    svg = front.PICTURE.read_text()
    assert svg == front.picture()
    assert len(svg) < PICTURE_MOST
    assert set(re.findall(r"https?://[^\s\"')]+", svg)) <= {
        "http://www.w3.org/2000/svg",
        "https://www.textualize.io",
    }
    assert all(cell.server in svg for cell in front.workload().cells)
