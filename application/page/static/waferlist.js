// The list of a run's wafers: filters, search, sorting, pages, the same as a file; the arrows go through them.

import { WORDS } from "./disposition.js";
import { h } from "./dom.js";
import { count, fixed } from "./format.js";
import { listTable } from "./table.js";

const FILTERS = [
  ["look", "To review"],
  ["fail", "Fail"],
  ["inspect", "Inspect"],
  ["pass", "Pass"],
  ["all", "All"],
];

/**
 * The list; `load(asked, signal)` asks the server for a page in its words. `choose` is called with the wafer to show, `open`
 * when a person chose it by a click (false) or by Enter (true), `changed` with the state that a person set (`verdict`, `sort`, `q`, `page`). `context`
 * are the line's own columns. It has `renew()`, `select(wafer)`, `drop()` for no wafer, `restore(state)` and `focus()`, which
 * goes back to the chosen wafer.
 */
export function waferList({ above, foot, load, choose, open, state, changed, context }) {
  const filters = h(
    "div",
    { class: "segments", role: "radiogroup", "aria-label": "Verdicts to show" },
    FILTERS.map(([name, title]) => segment(name, title, () => filtered(name))),
  );
  let filter = "";
  let chosen = "";
  const table = listTable({
    label: "Wafers, most suspicious first",
    noun: "wafer",
    none: "No wafer in this group at this budget.",
    search: "Wafer, file, lot, sensor",
    className: "tall",
    table: "wafers",
    columns: columnsOf(context),
    state,
    changed,
    load: loaded,
    later: true,
    key,
    attributes: ({ wafer }) => ({ "data-wafer": wafer }),
    open: (each, byKey) => (take(each), byKey === "arrow" || open(byKey === "enter")),
    tools: filters,
    above,
    foot,
    shown: settle,
  });

  /** A page of the list as the server has it, and how many wafers each filter would show. */
  async function loaded({ sort, q, offset, limit, signal }) {
    const found = await load({ sort, q, offset, limit, verdict: verdict() }, signal);
    const { fail, inspect, pass } = found.counts;
    const counts = { look: fail + inspect, fail, inspect, pass, all: fail + inspect + pass };
    for (const each of filters.querySelectorAll("[data-count]")) each.textContent = count(counts[each.dataset.count]);
    return { rows: found.predictions, total: found.total };
  }

  /** What the filter is called in the words of the interface. */
  const verdict = () => ({ look: "review", all: "" })[filter] ?? filter;

  function set(name) {
    filter = FILTERS.some(([each]) => each === name) ? name : FILTERS[0][0];
    filters.querySelector(`[value=${filter}]`).checked = true;
  }

  function filtered(name) {
    set(name);
    changed({ verdict: name === FILTERS[0][0] ? "" : name, page: "" });
    table.restore({ ...table.state(), page: "1" });
  }

  /** While no wafer is chosen, the first one that is shown is. */
  function settle(rows) {
    if (!chosen && rows.length > 0) take(rows[0]);
  }

  function take(each) {
    chosen = key(each);
    table?.choose(chosen);
    choose(each);
  }

  set(state.verdict);
  return {
    element: h("section", { class: "card flush", "aria-label": "Ranked wafers" }, table.element),
    renew: table.reload,
    restore: (wanted) => (set(wanted.verdict), table.restore(wanted)),
    select: (each) => table.choose((chosen = key(each))),
    drop: () => (chosen = ""),
    focus: table.focus,
    /** What is shown, in the words of the interface. */
    asked: () => ({ ...table.state(), page: "", verdict: verdict() }),
  };
}

const key = (each) => `${each.wafer}\n${each.file}`;

const segment = (name, title, act) =>
  h(
    "label",
    {},
    h("input", { type: "radio", name: "verdict", value: name, on: { change: act } }),
    h("span", {}, title, " ", h("i", { "data-count": name })),
  );

const columnsOf = (context) => [
  { key: "rank", title: "#", kind: "rank", value: (each) => each.rank },
  {
    key: "wafer",
    title: "Wafer",
    value: (each) => each.wafer,
    cell: ({ wafer }) => h("button", { type: "button", class: "link", "data-key": `wafer ${wafer}` }, wafer),
  },
  {
    key: "verdict",
    title: "Verdict",
    value: (each) => each.verdict,
    cell: ({ verdict }) => h("span", { class: `verdict ${verdict}` }, verdict),
  },
  {
    key: "probability",
    title: "Probability",
    kind: "number",
    value: (each) => each.probability,
    cell: ({ probability }) => [fixed(probability), h("span", { class: "meter", "aria-hidden": "true" }, meter(probability))],
  },
  { key: "sensor", title: "Top sensor", kind: "optional", value: (each) => each.top_sensors[0]?.sensor },
  { key: "cluster", title: "Cluster", kind: "number optional", value: (each) => each.cluster },
  ...context.map((name) => ({ key: name, title: name, kind: "optional", value: (each) => each.context[name] })),
  { key: "file", title: "File", kind: "optional", value: (each) => each.file },
  { key: "disposition", title: "Disposition", kind: "optional", value: (each) => WORDS[each.disposition] },
];

function meter(probability) {
  const bar = h("i", {});
  bar.style.width = `${Math.min(100, 100 * (probability ?? 0))}%`;
  return bar;
}
