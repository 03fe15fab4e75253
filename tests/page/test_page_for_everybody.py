"""The page by keyboard, without scripts, and under an accessibility check."""

import importlib.util
import re
from pathlib import Path

import pytest

from bench.report import files
from bench.report.view import run_view
from tests.support import synthetic
from tests.support.browser import BROWSER, drive

pytestmark = pytest.mark.skipif(BROWSER is None, reason="needs chromium")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return files.write(run_view.view(synthetic.run(tmp_path_factory.mktemp("run"), blocks=3)))


def test_everything_is_reached_by_keyboard(page: Path) -> None:
    found = drive(
        page,
        """
        const able = all("a[href], button, input, summary, [tabindex='0']").filter(shown);
        const kinds = new Set(able.map((element) => element.tagName));
        const refused = able.filter((element) => {
          element.focus();
          return document.activeElement !== element && !element.closest("details:not([open])");
        });
        return [[...kinds].sort(), refused.map((element) => element.outerHTML.slice(0, 80))];
        """,
    )
    assert set(found[0]) >= {"A", "BUTTON", "DIV", "INPUT", "PRE", "SUMMARY"}
    assert found[1] == []


def test_is_read_without_scripts(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    without = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    bare = page.with_name("bare.html")
    bare.write_text(without, encoding="utf-8")
    found = drive(
        bare,
        """
        for (const section of all("section > details")) section.open = true;
        return [all("tbody tr[data-server]").filter(shown).length,
                all("figure svg").filter(shown).length > 12,
                all(".scripted").filter(shown).length];
        """,
    )
    assert found == [24, True, 0]


def _axe() -> str | None:
    """Return the text of axe-core if a package that brings it is installed."""
    for name in ("axe_core_python", "axe_playwright_python"):
        spec = importlib.util.find_spec(name)
        for folder in (spec and spec.submodule_search_locations) or []:
            if (file := Path(folder) / "axe.min.js").exists():
                return file.read_text(encoding="utf-8")
    return None


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_passes_an_accessibility_check(page: Path, theme: str) -> None:
    axe = _axe()
    if axe is None:
        pytest.skip("needs axe-core (pip install axe-core-python)")
    found = drive(
        page,
        f"""
        document.documentElement.dataset.theme = "{theme}";
        const found = await axe.run(document, {{ resultTypes: ["violations"] }});
        return found.violations.map((violation) => [violation.id, violation.help,
          violation.nodes.slice(0, 3).map((node) => node.html.slice(0, 120))]);
        """,
        extra=f"<script>{axe}</script>",
    )
    assert found == []
