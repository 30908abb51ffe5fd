// A table for long lists: sorted by any column, searched, shown page by page. 100,000 rows never stand in the document.

import { announce, h, put } from "./dom.js";
import { count, many, plural } from "./format.js";
import { arranged } from "./order.js";
import { pages } from "./pager.js";

const PAGE = 200; // rows
const PAUSE = 200; // milliseconds without a keystroke before a list on the server is searched

/**
 * A table in a region that scrolls by keyboard too.
 *
 * `columns`: `key`, `title`, and for each row `value(row)`, by which it is sorted and searched. `cell(row)`: what is shown,
 *   where that is not the value. `kind`: its class (`number` sorts from the highest). `fixed`: it cannot be sorted by.
 * `rows`: the rows, or instead `load({ sort, q, offset, limit, signal })`: a promise of `{ rows, total }` where a server
 *   sorts and searches.
 * `state`: `sort` (a column's key, with a minus from the highest), `q`, `page`: strings as they stand in an address;
 *   `changed(state)` is told what a person sets. Without `sort` the rows keep the order in which they come.
 * `open(row, byKey)`: a row is chosen by a click, or by key: "enter" or "arrow"; `key(row)` is what `choose` names it by.
 * `noun`: what a row is (`wafer`); `none`: what to say when nothing fits; `search`: the words of the search field, false
 *   for none; `text(row)`: further words to search in; `className` of the region, `table` of the table; `attributes(row)`
 *   of a row; `tools`, `above`, `foot`: elements next to the search field, above the table and below it;
 *   `shown(rows)` is told what is shown; `later`: nothing is until `restore`.
 */
export function listTable(options) {
  const { label, columns, noun = "row", none = `No ${noun} fits.`, changed = () => {}, open, key, className = "" } = options;
  const state = stateOf(options.state);
  let rows = options.rows ?? [];
  let shown = [];
  let total = 0;
  let chosen = "";
  let asked = null;
  let timer;
  const field = h("input", {
    type: "search",
    "aria-label": options.search || `Search ${plural(noun)}`,
    placeholder: options.search || "Search",
    spellcheck: "false",
    value: state.q,
    on: { input: () => searched(field.value) },
  });
  const head = h("tr", {});
  const body = h("tbody", { on: { keydown: arrow } });
  const tally = h("p", { class: "small", role: "status" });
  const pager = h("div", { class: "pager" });
  const region = h(
    "div",
    { class: `scroll ${className}`, role: "region", "aria-label": label, tabindex: "0" },
    h("table", { class: [open && "rows", options.table].filter(Boolean).join(" ") || null }, h("thead", {}, head), body),
  );
  const bar = (options.search !== false || options.tools) &&
    h("div", { class: "bar-table" }, options.tools, options.search !== false && field);
  const element = h("div", { class: "list" }, bar, options.above, region, h("div", { class: "foot" }, tally, pager, options.foot));

  function set(changes) {
    Object.assign(state, { page: "1" }, changes);
    changed({ ...state, page: state.page === "1" ? "" : state.page });
    return render();
  }

  function searched(words) {
    clearTimeout(timer);
    timer = setTimeout(() => set({ q: words.trim() }), options.load ? PAUSE : 0);
  }

  function sortBy(column) {
    const up = column.key;
    const first = column.kind?.includes("number") ? `-${up}` : up;
    const other = first === up ? `-${up}` : up;
    set({ sort: state.sort === first ? other : first });
    announce(`Sorted by ${column.title}, ${state.sort === up ? "lowest" : "highest"} first.`);
  }

  async function render() {
    put(head, columns.map(heading));
    if (!options.load) return fill(arranged(rows, columns, state, options.text));
    asked?.abort();
    const own = (asked = new AbortController());
    const offset = (Number(state.page) - 1) * PAGE;
    try {
      const found = await options.load({ sort: state.sort, q: state.q, offset, limit: PAGE, signal: own.signal });
      if (own === asked) show(found.rows, found.total);
    } catch (problem) {
      if (problem.name !== "AbortError") fail(problem);
    }
  }

  function fill(found) {
    const last = Math.max(1, Math.ceil(found.length / PAGE));
    const page = Math.min(Math.max(1, Number(state.page) || 1), last);
    state.page = String(page);
    show(found.slice((page - 1) * PAGE, page * PAGE), found.length);
  }

  function show(found, all) {
    shown = found;
    total = all;
    const first = (Number(state.page) - 1) * PAGE;
    put(body, found.length > 0 ? found.map(line) : says(state.q ? `${none} Try another search.` : none));
    tally.textContent =
      total > found.length && found.length > 0
        ? `${count(first + 1)} to ${count(first + found.length)} of ${many(total, noun)}`
        : many(total, noun);
    put(pager, total > PAGE && pages(Number(state.page), Math.ceil(total / PAGE), turned));
    mark();
    options.shown?.(shown);
  }

  const says = (words) => h("tr", {}, h("td", { colspan: String(columns.length), class: "none" }, words));

  function fail(problem) {
    put(body, says(problem.detail ?? String(problem)));
    tally.textContent = "";
    put(pager);
  }

  function turned(page) {
    set({ page: String(page) });
    region.scrollTop = 0;
  }

  function heading(column) {
    const { key: name, title, kind, fixed } = column;
    if (fixed) return h("th", { scope: "col", class: kind }, title);
    const [up, down] = [state.sort === name, state.sort === `-${name}`];
    return h(
      "th",
      { scope: "col", class: kind, "aria-sort": up ? "ascending" : down ? "descending" : null },
      h(
        "button",
        { type: "button", class: "sort", "data-key": `sort ${name}`, on: { click: () => sortBy(column) } },
        title,
        h("span", { "aria-hidden": "true" }, up ? "▲" : down ? "▼" : ""),
      ),
    );
  }

  const line = (row) =>
    h(
      "tr",
      { "data-row": key?.(row), ...options.attributes?.(row), on: open ? { click: (event) => pick(row, event.detail ? "" : "enter") } : {} },
      columns.map((column) => h("td", { class: column.kind }, column.cell ? column.cell(row) : written(column.value(row)))),
    );

  function pick(row, byKey) {
    chosen = key(row);
    mark();
    open(row, byKey);
  }

  function mark() {
    if (!open) return;
    for (const each of body.children) {
      if (chosen && each.dataset.row === chosen) each.setAttribute("aria-selected", "true");
      else each.removeAttribute("aria-selected");
    }
  }

  /** Up and down go through the rows. */
  function arrow(event) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const at = [...body.children].indexOf(event.target.closest("tr"));
    const row = by && open && shown[at + by];
    if (!row) return;
    event.preventDefault();
    pick(row, "arrow");
    body.children[at + by].querySelector("button, a")?.focus();
  }

  if (!options.later) render();
  return {
    element,
    state: () => ({ ...state }),
    /** Show other rows; sort, search and page stay. */
    replace: (given) => ((rows = given), render()),
    /** Show another state, as when a person goes back. */
    restore(wanted) {
      Object.assign(state, stateOf(wanted));
      field.value = state.q;
      return render();
    },
    reload: render,
    choose: (name) => ((chosen = name), mark()),
    /** Go to the chosen row. */
    focus() {
      const row = body.querySelector("[aria-selected]");
      row?.querySelector("button, a")?.focus();
      row?.scrollIntoView({ block: "center" });
    },
  };
}

const stateOf = ({ sort = "", q = "", page = "1" } = {}) => ({ sort, q, page });

const written = (value) => (value === null || value === undefined || value === "" ? "–" : String(value));
