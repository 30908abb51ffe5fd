// The list of a run's wafers: filters, search, rows; the arrows go through them.

import { WORDS } from "./disposition.js";
import { h, put } from "./dom.js";
import { count, fixed, many } from "./format.js";
import { tallied } from "./ranking.js";

const ROWS = 200; // wafers shown before `Show more`
const FILTERS = [
  ["look", "To review"],
  ["fail", "Fail"],
  ["inspect", "Inspect"],
  ["pass", "Pass"],
  ["all", "All"],
];
const COLUMNS = [
  ["#", "number"],
  ["Wafer", ""],
  ["Verdict", ""],
  ["Probability", "number"],
  ["Cluster", "number optional"],
  ["Top sensor", "optional"],
  ["Disposition", "optional"],
];

/**
 * The list; `choose` is called with the wafer to show, `open` with one that a person clicked. It has `show(ranked)`
 * and `focus()`, which goes back to the chosen wafer. `above` and `foot` are what others say around the table.
 */
export function waferList({ above, foot, choose, open }) {
  const rows = h("tbody", {});
  const tally = h("p", { class: "small" });
  const search = h("input", {
    id: "search",
    type: "search",
    placeholder: "Wafer",
    "aria-label": "Find a wafer",
    spellcheck: "false",
    on: { input: () => render() },
  });
  const filters = h(
    "div",
    { class: "segments", role: "radiogroup", "aria-label": "Verdicts to show" },
    FILTERS.map(([name, title]) => segment(name, title, () => ((filter = name), (limit = ROWS), render()))),
  );
  const further = { click: () => ((limit += 5 * ROWS), render()) };
  const more = h("button", { type: "button", class: "more", on: further }, "Show more");
  let filter = FILTERS[0][0];
  let limit = ROWS;
  let chosen = "";
  let ranked = [];

  const fits = ({ verdict, wafer }, words) =>
    (filter === "all" || filter === verdict || (filter === "look" && verdict !== "pass")) &&
    (!words || wafer.wafer.toLowerCase().includes(words));

  function render(keep = false) {
    const words = search.value.trim().toLowerCase();
    const counts = tallied(ranked);
    for (const each of filters.querySelectorAll("[data-count]")) each.textContent = count(counts[each.dataset.count]);
    const found = ranked.filter((each) => fits(each, words));
    put(rows, found.length > 0 ? found.slice(0, limit).map((each) => line(each, pick)) : nothing(words));
    more.hidden = found.length <= limit;
    tally.textContent =
      found.length > limit
        ? `${count(limit)} of ${many(found.length, "wafer")} shown`
        : `${many(found.length, "wafer")} shown`;
    const still = found.find((each) => each.wafer.wafer === chosen);
    if (still) mark();
    else if (!keep && found.length > 0) take(found[0]);
  }

  function take(each) {
    chosen = each.wafer.wafer;
    mark();
    choose(each);
  }

  function pick(each) {
    take(each);
    open(each);
  }

  function mark() {
    for (const row of rows.children) {
      if (row.dataset.wafer === chosen) row.setAttribute("aria-selected", "true");
      else row.removeAttribute("aria-selected");
    }
  }

  /** Up and down arrows go through the wafers. */
  function step(event) {
    const by = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    const next = by && event.target.closest("tr")?.[by];
    if (!next) return;
    event.preventDefault();
    const each = ranked.find(({ wafer }) => wafer.wafer === next.dataset.wafer);
    if (!each) return;
    take(each);
    next.querySelector("button").focus();
  }

  function focus() {
    const row = [...rows.children].find((each) => each.dataset.wafer === chosen);
    row?.querySelector("button").focus();
    row?.scrollIntoView({ block: "center" });
  }

  rows.addEventListener("keydown", step);
  const element = h(
    "section",
    { class: "card flush", "aria-label": "Ranked wafers" },
    h("div", { class: "bar-table" }, filters, search),
    above,
    h(
      "div",
      { class: "scroll tall", role: "region", "aria-label": "Wafers, most suspicious first", tabindex: "0" },
      h("table", { class: "wafers" }, heads(), rows),
      more,
    ),
    h("div", { class: "foot" }, tally, foot),
  );

  /** Show these wafers; the chosen one stays, whether or not its group is shown. */
  function show(wafers) {
    ranked = wafers;
    render(ranked.some((each) => each.wafer.wafer === chosen));
  }

  return { element, show, focus };
}

const segment = (name, title, act) =>
  h(
    "label",
    {},
    h("input", { type: "radio", name: "verdict", value: name, checked: name === FILTERS[0][0], on: { change: act } }),
    h("span", {}, title, " ", h("i", { "data-count": name })),
  );

const heads = () =>
  h(
    "thead",
    {},
    h("tr", {}, COLUMNS.map(([title, kind]) => h("th", { scope: "col", class: kind }, title))),
  );

const nothing = (words) =>
  h(
    "tr",
    {},
    h(
      "td",
      { colspan: String(COLUMNS.length), class: "none" },
      words ? "No wafer matches the search." : "No wafer in this group at this budget.",
    ),
  );

function line(each, pick) {
  const { wafer, verdict, rank } = each;
  return h(
    "tr",
    { "data-wafer": wafer.wafer, on: { click: () => pick(each) } },
    h("td", { class: "number rank" }, String(rank)),
    h("td", {}, h("button", { type: "button", class: "link", "data-key": `wafer ${wafer.wafer}` }, wafer.wafer)),
    h("td", {}, h("span", { class: `verdict ${verdict}` }, verdict)),
    h(
      "td",
      { class: "number" },
      fixed(wafer.probability),
      h("span", { class: "meter", "aria-hidden": "true" }, meter(wafer.probability)),
    ),
    h("td", { class: "number optional" }, String(wafer.cluster ?? "–")),
    h("td", { class: "optional" }, wafer.top_sensors[0]?.sensor ?? ""),
    h("td", { class: "optional" }, WORDS[wafer.disposition] ?? ""),
  );
}

function meter(probability) {
  const bar = h("i", {});
  bar.style.width = `${Math.min(100, 100 * (probability ?? 0))}%`;
  return bar;
}
