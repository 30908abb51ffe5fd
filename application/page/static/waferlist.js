// The list of a run's wafers: filters, search, sorting, pages, the same as a file; the arrows go through them.

import { WORDS } from "./disposition.js";
import { h } from "./dom.js";
import { count, fixed } from "./format.js";
import { tallied } from "./ranking.js";
import { listTable } from "./table.js";

const FILTERS = [
  ["look", "To review"],
  ["fail", "Fail"],
  ["inspect", "Inspect"],
  ["pass", "Pass"],
  ["all", "All"],
];

/**
 * The list; `choose` is called with the wafer to show, `open` with one that a person clicked, `changed` with the state
 * that a person set (`verdict`, `sort`, `q`, `page`). `context` are the line's own columns.
 * It has `show(ranked)`, `select(wafer, file)`, `restore(state)` and `focus()`, which goes back to the chosen wafer.
 */
export function waferList({ above, foot, choose, open, state, changed, context }) {
  const filters = h(
    "div",
    { class: "segments", role: "radiogroup", "aria-label": "Verdicts to show" },
    FILTERS.map(([name, title]) => segment(name, title, () => filtered(name))),
  );
  let filter = "";
  let chosen = "";
  let ranked = [];
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
    key,
    attributes: ({ wafer }) => ({ "data-wafer": wafer.wafer }),
    text: ({ wafer }) => wafer.top_sensors.map((each) => each.sensor).join("\n"),
    open: (each, byKey) => (take(each), byKey || open(each)),
    tools: filters,
    above,
    foot,
    shown: settle,
  });
  const fits = ({ verdict }) => filter === "all" || filter === verdict || (filter === "look" && verdict !== "pass");

  function set(name) {
    filter = FILTERS.some(([each]) => each === name) ? name : FILTERS[0][0];
    filters.querySelector(`[value=${filter}]`).checked = true;
  }

  function filtered(name) {
    set(name);
    changed({ verdict: name === FILTERS[0][0] ? "" : name, page: "" });
    table.restore({ ...table.state(), page: "1" });
    render();
  }

  function render() {
    const counts = tallied(ranked);
    for (const each of filters.querySelectorAll("[data-count]")) each.textContent = count(counts[each.dataset.count]);
    table.replace(ranked.filter(fits));
  }

  /** The chosen wafer stays chosen while it is among all; else the first one that is shown is. */
  function settle(rows) {
    if (!ranked.some((each) => key(each) === chosen) && rows.length > 0) take(rows[0]);
  }

  function take(each) {
    chosen = key(each);
    table?.choose(chosen);
    choose(each);
  }

  set(state.verdict);
  return {
    element: h("section", { class: "card flush", "aria-label": "Ranked wafers" }, table.element),
    show: (wafers) => ((ranked = wafers), render()),
    restore: (wanted) => (set(wanted.verdict), table.restore(wanted), render()),
    select: (each) => table.choose((chosen = key(each))),
    focus: table.focus,
    /** What is shown, in the words of the interface. */
    asked: () => ({ ...table.state(), page: "", verdict: { look: "review", all: "" }[filter] ?? filter }),
  };
}

const key = ({ wafer }) => `${wafer.wafer}\n${wafer.file}`;

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
    value: ({ wafer }) => wafer.wafer,
    cell: ({ wafer }) => h("button", { type: "button", class: "link", "data-key": `wafer ${wafer.wafer}` }, wafer.wafer),
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
    value: ({ wafer }) => wafer.probability,
    cell: ({ wafer }) => [fixed(wafer.probability), h("span", { class: "meter", "aria-hidden": "true" }, meter(wafer.probability))],
  },
  { key: "sensor", title: "Top sensor", kind: "optional", value: ({ wafer }) => wafer.top_sensors[0]?.sensor },
  { key: "cluster", title: "Cluster", kind: "number optional", value: ({ wafer }) => wafer.cluster },
  ...context.map((name) => ({ key: name, title: name, kind: "optional", value: ({ wafer }) => wafer.context[name] })),
  { key: "file", title: "File", kind: "optional", value: ({ wafer }) => wafer.file },
  { key: "disposition", title: "Disposition", kind: "optional", value: ({ wafer }) => WORDS[wafer.disposition] },
];

function meter(probability) {
  const bar = h("i", {});
  bar.style.width = `${Math.min(100, 100 * (probability ?? 0))}%`;
  return bar;
}
