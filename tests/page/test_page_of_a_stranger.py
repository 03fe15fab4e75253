"""A page made of a run whose names try to run a script in the reader's browser."""

import dataclasses
from pathlib import Path

import pytest

from bench.report import files
from bench.report.view import run_view
from tests.support import synthetic
from tests.support.browser import BROWSER, drive

pytestmark = pytest.mark.skipif(BROWSER is None, reason="needs chromium")

HIT = "document.documentElement.dataset.hit=1"
NAMES = (
    f"<img src=x onerror={HIT}>",
    f"</script><script>{HIT}</script>",
    f"</title></style></svg><svg onload={HIT}>",
    f'" onmouseover={HIT} autofocus onfocus={HIT} x="',
    f"javascript:{HIT}",
    f"${{{HIT}}}`-{HIT}-'",
    "{{ 7 * 7 }}{% raw %}",
    "<!--",
)


def test_no_name_runs_a_script(tmp_path: Path) -> None:
    models = [
        dataclasses.replace(model, name=name)
        for model, name in zip(synthetic.EIGHT, NAMES, strict=True)
    ]
    page = files.write(run_view.view(synthetic.run(tmp_path / "run", models, blocks=3)))
    script = """
      all("summary, button, a").forEach((each) => { if (!each.href) each.click(); });
      all("*").forEach((each) => each.dispatchEvent(new MouseEvent("mouseover")));
      await new Promise((done) => setTimeout(done, 300));
      return [document.documentElement.dataset.hit || "none",
              document.body.textContent.includes("onerror=")];
    """
    assert drive(page, script) == ["none", True]
