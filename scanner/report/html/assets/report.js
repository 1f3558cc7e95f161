"use strict";
(() => {
  const PAGE = 50;
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const count = (number) => number.toLocaleString("en");

  // Long tables: 50 rows at a time. Rows that are not on the page are still printed.
  const tables = new Map();

  function show(state) {
    const rows = state.rows.filter((row) => !row.hidden);
    const pages = Math.max(1, Math.ceil(rows.length / PAGE));
    state.page = Math.min(Math.max(state.page, 0), pages - 1);
    const first = state.page * PAGE;
    rows.forEach((row, place) => row.classList.toggle("off", place < first || place >= first + PAGE));
    state.pager.classList.toggle("off", pages === 1);
    state.label.textContent = `${count(first + 1)} to ${count(Math.min(first + PAGE, rows.length))} of ${count(rows.length)}`;
    state.back.disabled = state.page === 0;
    state.next.disabled = state.page === pages - 1;
  }

  function button(text, name, press) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.setAttribute("aria-label", name);
    made.addEventListener("click", press);
    return made;
  }

  for (const table of all("table.paged")) {
    const rows = Array.from(table.tBodies[0].rows);
    if (rows.length <= PAGE) continue;
    const name = table.caption.textContent;
    const state = { rows, page: 0, pager: document.createElement("div"), label: document.createElement("span") };
    const turn = (pages) => () => { state.page += pages; show(state); };
    state.back = button("Back", `Back, ${name}`, turn(-1));
    state.next = button("Next", `Next, ${name}`, turn(1));
    state.label.setAttribute("role", "status");
    state.pager.className = "pager";
    state.pager.append(state.back, state.label, state.next);
    table.parentNode.after(state.pager);
    tables.set(table, state);
    show(state);
  }

  // Links to rules, findings and resources open what they are in.
  function reveal() {
    let id = "";
    try { id = decodeURIComponent(location.hash.slice(1)); } catch { return; }
    const target = id && document.getElementById(id);
    if (!target) return;
    if (target.hidden || target.closest("details[hidden]")) clear();
    const state = tables.get(target.closest("table"));
    const row = target.closest("tr");
    if (state && row) {
      const place = state.rows.filter((each) => !each.hidden).indexOf(row);
      state.page = Math.floor(place / PAGE);
      show(state);
    }
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    target.scrollIntoView();
  }

  const form = document.getElementById("filter");
  const rules = all("details.rule").map((box) => ({
    box,
    note: box.querySelector(".shown"),
    state: tables.get(box.querySelector("table.findings")),
    rows: all("table.findings > tbody > tr", box),
  }));

  function text(row, rule) {
    if (row.words === undefined) row.words = `${rule.box.firstElementChild.textContent} ${row.textContent}`.toLowerCase();
    return row.words;
  }

  function filter() {
    const wanted = {
      s: form.elements.s.value, e: form.elements.e.value, v: form.elements.v.value,
      n: form.elements.n ? form.elements.n.checked : false,
      words: form.elements.q.value.toLowerCase().split(/\s+/).filter(Boolean),
    };
    const fits = (row, rule) =>
      (!wanted.s || row.dataset.s === wanted.s) && (wanted.e === "*" || row.dataset.e === wanted.e) &&
      (!wanted.v || row.dataset.v === wanted.v) && (!wanted.n || row.dataset.n === "1") &&
      (!wanted.words.length || wanted.words.every((word) => text(row, rule).includes(word)));
    let shown = 0, total = 0, boxes = 0;
    for (const rule of rules) {
      let here = 0;
      for (const row of rule.rows) {
        row.hidden = !fits(row, rule);
        if (!row.hidden) here += 1;
      }
      rule.box.hidden = !here;
      rule.note.textContent = here === rule.rows.length ? "" : `, ${count(here)} shown`;
      if (rule.state) { rule.state.page = 0; show(rule.state); }
      shown += here; total += rule.rows.length; boxes += here ? 1 : 0;
    }
    document.getElementById("shown").textContent = `${count(shown)} of ${count(total)} findings, ${count(boxes)} of ${count(rules.length)} rules`;
  }

  function clear() {
    form.reset();
    filter();
  }

  if (form) {
    let waiting = 0;
    const soon = () => { clearTimeout(waiting); waiting = setTimeout(filter, 150); };
    form.hidden = false;
    form.addEventListener("input", soon);
    form.addEventListener("submit", (event) => { event.preventDefault(); filter(); });
    document.getElementById("clear").addEventListener("click", clear);
    const expand = document.getElementById("expand");
    expand.addEventListener("click", () => {
      const open = expand.textContent === "Open all";
      expand.textContent = open ? "Close all" : "Open all";
      for (const rule of rules) if (!rule.box.hidden) rule.box.open = open;
    });
    filter();
  }

  // On paper nothing can be opened, so what the reader left closed is opened for printing.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details.rule, details.workspace, details.block, details.inline:not(.cli)").filter((box) => !box.open);
    for (const box of closed) box.open = true;
  });
  addEventListener("afterprint", () => { for (const box of closed) box.open = false; closed = []; });
  addEventListener("hashchange", reveal);
  reveal();
})();
