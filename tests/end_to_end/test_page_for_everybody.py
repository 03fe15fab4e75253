"""The page by keyboard, without scripts, and under an accessibility check."""

import html
import importlib.util
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bench.report import files
from bench.report.view import run_view
from tests.support import synthetic
from tests.support.browser import BROWSER

# Anything that the page would fetch, and any error, is noted before its own scripts run.
WATCH = """
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:;
  script-src 'unsafe-inline'; style-src 'unsafe-inline'">
<script>
const errors = [];
addEventListener("error", (event) => errors.push(event.message));
addEventListener("unhandledrejection", (event) => errors.push(String(event.reason)));
addEventListener("securitypolicyviolation", (event) => errors.push(`asks for ${event.blockedURI}`));
for (const name of ["error", "warn"]) console[name] = (...words) => errors.push(words.join(" "));
const all = (selector) => [...document.querySelectorAll(selector)];
const shown = (element) => element.getClientRects().length > 0;
</script>
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return files.write(run_view.view(synthetic.run(tmp_path_factory.mktemp("run"), blocks=3)))


def _drive(page: Path, script: str, extra: str = "") -> Any:
    """Load the page, run the body of an async function in it, return what that returns."""
    found = f"""
    {extra}
    <script>(async () => {{
      let result;
      try {{ result = await (async () => {{ {script} }})(); }}
      catch (error) {{ errors.push(String(error)); }}
      const pre = document.createElement("pre");
      pre.id = "found";
      pre.textContent = JSON.stringify({{ result, errors }});
      document.body.append(pre);
    }})();</script>"""
    text = page.read_text(encoding="utf-8")
    text = text.replace("<head>", "<head>" + WATCH, 1).replace("</body>", found + "</body>", 1)
    driven = page.with_name("driven.html")
    driven.write_text(text, encoding="utf-8")
    command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu"]
    command += ["--disable-background-networking", "--disable-dev-shm-usage", "--hide-scrollbars"]
    command += ["--virtual-time-budget=20000", "--window-size=1200,900", "--dump-dom"]
    done = subprocess.run(
        [*command, driven.as_uri()], capture_output=True, text=True, timeout=90, check=True
    )
    match = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert match is not None, done.stderr[-500:]
    document = json.loads(html.unescape(match[1]))
    assert document["errors"] == []
    return document.get("result")


def test_everything_is_reached_by_keyboard(page: Path) -> None:
    found = _drive(
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
    found = _drive(
        bare,
        """
        return [all("tbody tr").filter(shown).length, all("figure svg").filter(shown).length > 12,
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
    found = _drive(
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
