"""The page in headless Chromium: sorting, filtering, hiding, dark, phone, keyboard, no request."""

import html
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


def test_loads_without_error_or_request(page: Path) -> None:
    assert drive(page, "return document.querySelector('h1').textContent") == (
        "Concurrency models compared"
    )


def test_sorts_by_any_column_within_each_workload(page: Path) -> None:
    found = drive(
        page,
        """
        const groups = () => all("#table tbody").map((group) =>
          [...group.querySelectorAll("tr[data-server]")]);
        const head = all("#table thead th").find((th) => th.textContent.startsWith("requests/s"));
        const column = head.cellIndex;
        const value = (row) => row.cells[column].dataset.value;
        const values = () => groups().map((rows) => rows.map(value));
        head.querySelector("button").click();
        const up = [head.ariaSort, values()];
        head.querySelector("button").click();
        const down = [head.ariaSort, values()];
        all("#table thead th")[0].querySelector("button").click();
        const names = groups().map((rows) => rows.map((row) => row.cells[0].textContent));
        return { up, down, names };
        """,
    )
    assert found["up"][0] == "ascending"
    assert found["down"][0] == "descending"
    for up, down, names in zip(found["up"][1], found["down"][1], found["names"], strict=True):
        values = [float(value) for value in up]
        assert len(values) == 8
        assert values == sorted(values)
        assert [float(value) for value in down] == sorted(values, reverse=True)
        assert names == sorted(names)


def test_filters_rows(page: Path) -> None:
    found = drive(
        page,
        """
        const box = document.getElementById("filter");
        box.value = "kept-50 STARVED";
        box.dispatchEvent(new Event("input"));
        const rows = all("tbody tr[data-server]").filter(shown);
        return [rows.map((row) => row.cells[0].textContent),
                document.getElementById("count").textContent,
                all("tr.group").filter(shown).length];
        """,
    )
    assert sorted(found[0]) == ["blocking", "process-pool"]
    assert found[1] == "2 of 24 rows"
    assert found[2] == 1


def test_pointing_at_a_server_brings_it_out(page: Path) -> None:
    found = drive(
        page,
        """
        const mark = document.querySelector('.mark[data-server="2"][data-tip^="process"]');
        mark.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
        return [document.getElementById("tip").textContent,
                all(".mark.pointed").every((other) => other.dataset.server === "2"),
                document.documentElement.classList.contains("pointing")];
        """,
    )
    assert found[0].startswith("process-pool")
    assert found[1:] == [True, True]


def test_dark_and_light(page: Path) -> None:
    script = """
        const colour = () => [getComputedStyle(document.body).backgroundColor,
          getComputedStyle(document.querySelector('#cpu .mark path')).fill];
        const first = colour();
        document.getElementById("theme").click();
        return [first, colour()];
        """
    light, dark = drive(page, script)
    assert light[0] == "rgb(254, 254, 254)"
    assert dark[0] == "rgb(23, 26, 31)"
    assert light[1] != dark[1]


def test_a_phone_needs_no_sideways_scrolling(page: Path) -> None:
    # The browser's own window is never narrower than 500 pixels; a frame is.
    inner = html.escape(page.read_text(encoding="utf-8"), quote=True)
    outer = page.with_name("phone.html")
    outer.write_text(
        "<html><head></head><body style='margin: 0'>"
        f'<iframe width="360" height="800" style="border: 0" srcdoc="{inner}"></iframe>'
        "</body></html>",
        encoding="utf-8",
    )
    found = drive(
        outer,
        """
        const frame = document.querySelector("iframe");
        const inside = () => frame.contentDocument;
        while (!inside().querySelector("#words dd")) await new Promise((go) => setTimeout(go, 50));
        const wide = [...inside().querySelectorAll("body *")].filter((element) =>
          !element.closest(".scroll, nav, pre, svg, .skip")
          && element.getBoundingClientRect().right > 361);
        return [frame.contentWindow.innerWidth, inside().documentElement.scrollWidth,
                wide.map((element) => element.outerHTML.slice(0, 80))];
        """,
    )
    assert found == [360, 360, []]


def test_stays_small(tmp_path: Path) -> None:
    models = (synthetic.EIGHT + synthetic.EXTRA)[:20]
    loads = [synthetic.ONE, synthetic.MANY, synthetic.CHURN]
    page = files.write(run_view.view(synthetic.run(tmp_path, models, loads, blocks=5)))
    assert page.stat().st_size < 3_000_000 / 2
