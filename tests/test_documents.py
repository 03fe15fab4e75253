"""Pages that are held to the code: the rooms, the file formats, the links."""

import ast
import re
from pathlib import Path

import pytest

from loadgen import exits
from tests.support import formats
from tests.support.markdown import tables
from tests.support.paths import ROOT
from tests.test_architecture import ROOMS

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def test_the_rooms_are_told_in_their_order() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    told = re.findall(r"^\| `(\w+)/` \| (.+) \|$", page, re.M)
    sentences = (
        ast.get_docstring(ast.parse((ROOT / "bench" / room / "__init__.py").read_text()))
        for room in ROOMS
    )
    assert told == list(zip(ROOMS, sentences, strict=True))


def test_every_field_of_the_files_has_its_line() -> None:
    assert (ROOT / "docs" / "file-formats.md").read_text() == formats.page()


def test_the_exit_statuses_are_those_of_the_code() -> None:
    told = re.findall(r"^\| (\d+) \| (.+) \|$", (ROOT / "README.md").read_text(), re.M)
    assert told == [(str(status.value), words) for status, words in exits.MEANINGS.items()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_names_is_there(page: Path) -> None:
    text = page.read_text()
    for link in re.findall(r"\]\(([^)#:\s]+)\)", text):
        assert (page.parent / link).exists(), link
    if page.name == "CHANGELOG.md":
        return
    for name in re.findall(r"`((?:bench|loadgen|servers|tests)/[\w/]+\.(?:py|toml))`", text):
        assert (ROOT / name).exists() or "my_" in name, name


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=str(path.relative_to(ROOT)))
        for path in (
            *ROOT.glob("*.md"),
            *(ROOT / "docs").rglob("*.md"),
            *(ROOT / "results" / "reference").rglob("*.md"),
        )
    ],
)
def test_every_table_is_one(path: Path) -> None:
    tables(path.read_text())
