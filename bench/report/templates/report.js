"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];

  document.getElementById("theme").addEventListener("click", () => {
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    root.dataset.theme = (root.dataset.theme || system) === "dark" ? "light" : "dark";
  });

  // Rows are hidden for two reasons: their server is, or the filter does not match.
  const rows = all("tbody tr");
  const filter = document.getElementById("filter");
  const boxes = all("#chooser input");
  const hidden = () => new Set(boxes.filter((box) => !box.checked).map((box) => box.value));
  const refresh = () => {
    const off = hidden();
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const element of all(".mark, #verdicts [data-server], #servers [data-server]")) {
      element.toggleAttribute("hidden", off.has(element.dataset.server));
    }
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = off.has(row.dataset.server) || !words.every((word) => text.includes(word));
      shown += !row.hidden;
    }
    document.getElementById("count").textContent = `${shown} of ${rows.length} rows`;
  };
  filter.addEventListener("input", refresh);
  for (const box of boxes) box.addEventListener("change", refresh);
  for (const button of all("#chooser button")) {
    button.addEventListener("click", () => {
      for (const box of boxes) box.checked = button.dataset.all === "true";
      refresh();
    });
  }

  // Cells without a figure stay last whichever way the column is sorted.
  const key = (row, column) => {
    const cell = row.cells[column];
    if (cell.dataset.value === undefined) return cell.textContent.trim();
    return cell.dataset.value === "" ? null : Number(cell.dataset.value);
  };
  const compare = (a, b) => (typeof a === "number" ? a - b : a.localeCompare(b, "en"));
  all("thead th").forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of all("thead th")) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      rows.sort((first, second) => {
        const [a, b] = [key(first, column), key(second, column)];
        if (a === null || b === null) return (a === null) - (b === null);
        return down ? compare(b, a) : compare(a, b);
      });
      document.querySelector("tbody").append(...rows);
    });
  });

  // Pointing at a server anywhere brings it out everywhere.
  const point = (server) => {
    root.classList.toggle("pointing", server !== undefined);
    for (const element of all(".mark, tbody tr")) {
      element.classList.toggle("pointed", element.dataset.server === server);
    }
  };
  let last;
  document.addEventListener("pointerover", (event) => {
    const over = event.target.closest(".mark, tbody tr");
    const server = over === null ? undefined : over.dataset.server;
    if (server !== last) point((last = server));
  });
  refresh();
})();
