"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);

  // What a reader has chosen stands in the address, so that a view can be sent.
  const state = new URLSearchParams(location.search);
  const remember = (name, value) => {
    if (value) state.set(name, value);
    else state.delete(name);
    const query = state.toString();
    try {
      history.replaceState(null, "", (query ? `?${query}` : location.pathname) + location.hash);
    } catch {
      // A page within another one has no address of its own.
    }
  };

  if (state.has("theme")) root.dataset.theme = state.get("theme");
  byId("theme").addEventListener("click", () => {
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    root.dataset.theme = (root.dataset.theme || system) === "dark" ? "light" : "dark";
    remember("theme", root.dataset.theme);
  });

  // Sections that are folded open for a link into them, and for paper.
  const sections = all("main > section > details");
  const unlike = new Set((state.get("fold") || "").split(".").filter(Boolean));
  for (const section of sections) {
    const id = section.parentElement.id;
    const usual = section.open;
    if (unlike.has(id)) section.open = !usual;
    section.addEventListener("toggle", () => {
      if (section.open === usual) unlike.delete(id);
      else unlike.add(id);
      remember("fold", [...unlike].join("."));
    });
  }
  const reveal = () => {
    const target = location.hash && byId(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    const own = target.matches("details") ? target : target.querySelector(":scope > details");
    for (let at = own || target; at; at = at.parentElement) if (at.matches("details")) at.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  addEventListener("beforeprint", () => { for (const section of sections) section.open = true; });

  // Where each server has a row of its own, hidden ones leave no hole: those below move up.
  const rowsOf = new WeakMap();
  const measure = (figure) => {
    const rows = new Map();
    for (const mark of all(".mark", figure)) {
      const row = rows.get(mark.dataset.server) || { marks: [] };
      rows.set(mark.dataset.server, row);
      row.marks.push(mark);
      const name = mark.querySelector("text");
      if (name) row.y = Number(name.getAttribute("y"));
    }
    return [...rows.values()].sort((a, b) => a.y - b.y);
  };
  const restack = () => {
    for (const figure of all("figure[data-rows]")) {
      if (!rowsOf.has(figure)) rowsOf.set(figure, measure(figure));
      const rows = rowsOf.get(figure);
      const free = rows.map((row) => row.y);
      for (const row of rows.filter((each) => !each.marks[0].hasAttribute("hidden"))) {
        const place = `translate(0 ${free.shift() - row.y})`;
        for (const mark of row.marks) mark.setAttribute("transform", place);
      }
    }
  };

  // Rows of the table are hidden for two reasons: their server is, or the filter does not match.
  const rows = all("tbody tr[data-server]");
  const filter = byId("filter");
  const boxes = all("#chooser input");
  const choose = (shown) => {
    for (const box of boxes) box.checked = shown(box);
    refresh();
  };
  const refresh = () => {
    const off = new Set(boxes.filter((box) => !box.checked).map((box) => box.value));
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const element of all(".mark, #verdicts [data-server], #servers [data-server]")) {
      element.toggleAttribute("hidden", off.has(element.dataset.server));
    }
    let shown = 0;
    for (const row of rows) {
      const text = `${row.parentElement.dataset.workload} ${row.textContent}`.toLowerCase();
      row.hidden = off.has(row.dataset.server) || !words.every((word) => text.includes(word));
      shown += !row.hidden;
    }
    for (const group of all("tr.group")) {
      group.hidden = all("tr[data-server]", group.parentElement).every((row) => row.hidden);
    }
    byId("count").textContent = `${shown} of ${rows.length} rows`;
    if (byId("shown")) byId("shown").textContent = `${boxes.length - off.size} of ${boxes.length}`;
    // Sentences are of the whole run; with few servers left, nobody stays in the background.
    root.classList.toggle("some", off.size > 0);
    root.classList.toggle("few", boxes.length - off.size <= 10);
    remember("hide", [...off].join("."));
    remember("find", filter.value);
    restack();
  };
  filter.addEventListener("input", refresh);
  for (const box of boxes) box.addEventListener("change", refresh);
  for (const button of all("#chooser button")) {
    const { all: every, family } = button.dataset;
    button.addEventListener("click", () => choose((box) =>
      every || (family ? box.closest(".choice").dataset.family === family : box.value === button.value)));
  }

  // Cells without a figure stay last whichever way the column is sorted.
  const heads = all("thead th", byId("table"));
  const key = (row, column) => {
    const cell = row.cells[column];
    if (cell.dataset.value === undefined) return cell.textContent.trim();
    return cell.dataset.value === "" ? null : Number(cell.dataset.value);
  };
  const compare = (a, b) => (typeof a === "number" ? a - b : a.localeCompare(b, "en"));
  const sort = (column, down) => {
    for (const head of heads) head.removeAttribute("aria-sort");
    heads[column].setAttribute("aria-sort", down ? "descending" : "ascending");
    for (const group of all("tbody", byId("table"))) {
      const sorted = all("tr[data-server]", group).sort((first, second) => {
        const [a, b] = [key(first, column), key(second, column)];
        if (a === null || b === null) return (a === null) - (b === null);
        return down ? compare(b, a) : compare(a, b);
      });
      group.append(...sorted);
    }
    remember("sort", (down ? "-" : "+") + column);
  };
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => sort(column, head.ariaSort === "ascending"));
  });
  const more = byId("more");
  const widen = () => {
    document.querySelector(".results").classList.toggle("whole", more.checked);
    remember("columns", more.checked ? "all" : "");
  };
  more.addEventListener("change", widen);

  // Pointing at a server anywhere brings it out everywhere, and reads what is drawn there.
  const tip = byId("tip");
  const point = (server) => {
    root.classList.toggle("pointing", server !== undefined);
    for (const element of all(".mark, tbody tr")) {
      element.classList.toggle("pointed", server !== undefined && element.dataset.server === server);
    }
  };
  const tell = (mark, x, y) => {
    tip.hidden = !(mark && mark.dataset.tip);
    if (tip.hidden) return;
    tip.textContent = mark.dataset.tip;
    tip.style.left = `${Math.max(4, Math.min(x + 12, innerWidth - tip.offsetWidth - 8))}px`;
    tip.style.top = `${y + 20 + tip.offsetHeight > innerHeight ? y - tip.offsetHeight - 8 : y + 16}px`;
  };
  let last;
  document.addEventListener("pointerover", (event) => {
    const over = event.target.closest(".mark, tbody tr[data-server]");
    const server = over === null ? undefined : over.dataset.server;
    if (server !== last) point((last = server));
    tell(event.target.closest(".mark"), event.clientX, event.clientY);
  });
  for (const drawing of all("figure svg")) {
    let at = -1;
    drawing.setAttribute("tabindex", "0");
    drawing.addEventListener("blur", () => { tell(null); point((last = undefined)); });
    drawing.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const told = all(".mark[data-tip]:not([hidden])", drawing);
      if (!step || !told.length) return;
      event.preventDefault();
      at = (at + step + told.length) % told.length;
      const box = told[at].getBoundingClientRect();
      point((last = told[at].dataset.server));
      tell(told[at], box.right, box.top);
    });
  }

  // A chart as a picture, or as numbers: copied where the browser lets a page do that, else saved.
  const save = (name, blob) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
  const picture = async (figure) => {
    const svg = figure.querySelector("svg").cloneNode(true);
    for (const mark of all("[hidden]", svg)) mark.remove();
    const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
    svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    svg.setAttribute("width", width * 2);
    svg.setAttribute("height", height * 2);
    svg.style.fontFamily = "sans-serif";
    const style = getComputedStyle(root);
    const text = new XMLSerializer().serializeToString(svg)
      .replace(/var\((--[\w-]+)\)/g, (_, name) => style.getPropertyValue(name).trim());
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: width * 2, height: height * 2 });
    const pen = canvas.getContext("2d");
    pen.fillStyle = style.getPropertyValue("--paper").trim();
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, 0, 0);
    return new Promise((go) => canvas.toBlob(go, "image/png"));
  };
  for (const button of all("[data-save]")) {
    button.addEventListener("click", async () => {
      const figure = button.closest("figure");
      const kind = button.dataset.save;
      const blob = kind === "png" ? await picture(figure) : new Blob([figure.dataset.csv], { type: "text/plain" });
      let done = "copied";
      try {
        await navigator.clipboard.write([new ClipboardItem({ [blob.type]: blob })]);
      } catch {
        save(`${figure.id.replace("figure-", "")}.${kind}`, blob);
        done = "saved";
      }
      button.textContent = `${kind.toUpperCase()} ${done}`;
    });
  }

  const hidden = new Set((state.get("hide") || "").split("."));
  for (const box of boxes) box.checked = !hidden.has(box.value);
  filter.value = state.get("find") || "";
  more.checked = state.get("columns") === "all";
  const sorted = /^([ +-])(\d+)$/.exec(state.get("sort") || "");
  if (sorted && heads[sorted[2]]) sort(Number(sorted[2]), sorted[1] === "-");
  widen();
  if (byId("chooser") && matchMedia("(max-width: 48rem)").matches) byId("chooser").open = false;
  refresh();
  reveal();
})();
