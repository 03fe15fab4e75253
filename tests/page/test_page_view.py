"""What a reader chooses to see of the page: servers, families, sections; sent on, copied, saved."""

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


def test_hides_a_server_everywhere(page: Path) -> None:
    found = drive(
        page,
        """
        for (const section of all("section > details")) section.open = true;
        const drawn = () => all('.mark[data-server="3"]').filter(shown).length;
        const others = () => all('.mark:not([data-server="3"])').filter(shown).length;
        const before = [drawn(), others()];
        all("#chooser input")[3].click();
        const rows = all('tbody tr[data-server="3"]').filter(shown).length;
        const hidden = [drawn(), others()];
        all("#chooser [data-all]")[0].click();
        return { before, hidden, rows, after: [drawn(), others()] };
        """,
    )
    assert found["before"][0] > 40
    assert found["hidden"] == [0, found["before"][1]]
    assert found["rows"] == 0
    assert found["after"] == found["before"]


def test_shows_one_server_or_one_family_with_one_click(page: Path) -> None:
    found = drive(
        page,
        """
        const chosen = () => all("#chooser input:checked").map((box) => box.value);
        all("#chooser .only")[3].click();
        const one = [chosen(), document.getElementById("shown").textContent];
        document.querySelector('#chooser [data-family="asyncio"]').click();
        return [one, chosen(), all("#chooser input:checked").map((box) =>
          box.parentElement.textContent.trim())];
        """,
    )
    assert found[0] == [["3"], "1 of 8"]
    assert found[2] == ["asyncio-streams", "asyncio-protocol"]


def test_rows_of_hidden_servers_leave_no_hole(page: Path) -> None:
    found = drive(
        page,
        """
        document.querySelector("#cpu details").open = true;
        const named = new Set(all("#chooser label").map((label) => label.textContent.trim()));
        const drawing = document.querySelector("#cpu figure svg");
        const tops = () => [...drawing.querySelectorAll(".mark text")].filter(shown)
          .filter((text) => named.has(text.textContent))
          .map((text) => text.getBoundingClientRect().top - drawing.getBoundingClientRect().top)
          .sort((a, b) => a - b);
        const before = tops();
        all("#chooser input")[3].click();
        all("#chooser input")[4].click();
        const after = tops();
        all("#chooser [data-all]")[0].click();
        return [before, after, tops()];
        """,
    )
    before, after, again = found
    assert again == before
    assert len(before) == 8
    assert len(after) == len(before) - 2
    assert max(abs(a - b) for a, b in zip(after, before, strict=False)) <= 2


def test_a_view_can_be_sent(page: Path) -> None:
    """The address that choosing leaves behind shows the same again: here, in one page twice."""
    found = drive(
        page,
        """
        all("#chooser .only")[3].click();
        document.getElementById("theme").click();
        const head = all("#table thead th").find((th) => th.textContent.startsWith("p99"));
        head.querySelector("button").click();
        document.getElementById("filter").value = "kept";
        document.getElementById("filter").dispatchEvent(new Event("input"));
        document.querySelector("#memory > details").open = false;
        await new Promise((go) => setTimeout(go, 50));
        return location.search;
        """,
    )
    again = drive(
        page,
        """
        await new Promise((go) => setTimeout(go, 50));
        return [all("#chooser input:checked").map((box) => box.value),
          document.documentElement.dataset.theme, document.getElementById("filter").value,
          all("#table thead th").find((th) => th.ariaSort).textContent,
          document.querySelector("#memory > details").open];
        """,
        query=found,
    )
    assert again == [["3"], "dark", "kept", "p99", False]


def test_a_link_into_a_folded_section_opens_it(page: Path) -> None:
    found = drive(
        page,
        """
        const fold = document.querySelector("#fairness > details");
        const before = fold.open;
        location.hash = "#" + fold.querySelector("figure").id;
        await new Promise((go) => setTimeout(go, 50));
        return [before, fold.open];
        """,
    )
    assert found == [False, True]


def test_a_chart_is_had_as_a_picture_and_as_numbers(page: Path) -> None:
    found = drive(
        page,
        """
        const saved = [];
        const blobs = [];
        URL.createObjectURL = (blob) => { blobs.push(blob); return "#"; };
        HTMLAnchorElement.prototype.click = function () { saved.push(this.download); };
        Object.defineProperty(navigator, "clipboard", { value: undefined });
        const figure = document.querySelector("#cpu figure");
        for (const button of figure.querySelectorAll("[data-save]")) button.click();
        while (blobs.length < 2) await new Promise((go) => setTimeout(go, 20));
        const size = blobs.find((blob) => blob.type === "image/png").size;
        return [saved.sort(), size, figure.dataset.csv.split("\\n").slice(0, 2)];
        """,
    )
    assert found[0] == ["cpu-kept-1.csv", "cpu-kept-1.png"]
    assert found[1] > 5000
    assert found[2][0] == "server,at,value,low,high"
    assert found[2][1].count(",") == 4
