// One lot: its figures, its predictions, and its wafers.

import { hashOf, remember } from "../address.js";
import { within } from "../contract.js";
import { h } from "../dom.js";
import { count, fixed, many, percent, plural } from "../format.js";
import { listTable } from "../table.js";
import { judged, nameOf, nounOf } from "./names.js";
import { limits, signalBadges } from "./signals.js";
import { stamp } from "./stamp.js";

export function lotView(page, lot, { wafers, total }, state) {
  const all = hashOf("lots", page.by, { ...state, lot: undefined, sort: "", q: "", page: "" });
  return [summary(page, lot, all, state), list(page, lot, wafers, total, state)];
}

function summary(page, lot, all, state) {
  return h(
    "section",
    { class: "card", "aria-labelledby": "lot-title" },
    h("p", { class: "small" }, h("a", { href: all }, `← All ${plural(nounOf(page.by))}`)),
    h("div", { class: "heading" }, h("h2", { id: "lot-title", class: "break" }, nameOf(lot.lot)), signalBadges(lot.chart.signals)),
    h(
      "dl",
      { class: "tiles" },
      tile("Wafers", count(lot.wafers), lot.learned > 0 && `${count(lot.learned)} learned from`),
      tile("Flagged", shown(judged(lot, lot.flagged)), lot.flag_rate !== null && percent(lot.flag_rate, 1)),
      tile("To inspect", shown(judged(lot, lot.inspected))),
      tile("Outcomes known", count(lot.known), `${count(lot.failed)} failing`),
      tile("Yield", percent(lot.yield, 1)),
      tile("Limits", limits(lot.chart), `centre ${percent(page.centre, 1)}`),
    ),
    h(
      "dl",
      { class: "facts" },
      fact(page.by === "file" ? "Written" : "Batches", lot.first === lot.last ? stamp(lot.first) : `${stamp(lot.first)} to ${stamp(lot.last)}`),
      fact(lot.runs.length === 1 ? "Prediction" : "Predictions", lot.runs.slice(0, 5).map((run) => h("a", { href: hashOf("results", run) }, run, " "))),
      fact("Sensors", h("a", { href: behindFlags(page, lot, state) }, "behind its flags")),
    ),
  );
}

const behindFlags = (page, lot, state) =>
  hashOf("sensors", "", { run: state.run || lot.runs[0], over: state.run ? "" : state.runs || "50", by: page.by, lot: lot.lot });

const shown = (number) => (number === null ? "–" : count(number));
const tile = (name, value, more) => h("div", {}, h("dt", {}, name), h("dd", {}, value), more && h("dd", { class: "small" }, more));
const fact = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));

function list(page, lot, wafers, total, state) {
  const columns = [
    {
      key: "wafer",
      title: "Wafer",
      value: (each) => each.wafer,
      cell: (each) => h("a", { href: addressOf(each), "data-key": `wafer ${each.wafer}` }, each.wafer),
    },
    { key: "verdict", title: "Verdict", value: (each) => each.verdict, cell: (each) => h("span", { class: `verdict ${each.verdict}` }, each.verdict) },
    { key: "probability", title: "Probability", kind: "number", value: (each) => each.probability, cell: (each) => fixed(each.probability) },
    { key: "outcome", title: "Outcome", value: outcome, cell: (each) => (each.outcome ? h("span", { class: `verdict ${each.outcome}` }, each.outcome) : outcome(each)) },
    { key: "file", title: "Batch", kind: "optional break", value: (each) => each.file },
    { key: "version", title: "Version", kind: "number optional", value: (each) => each.model_version },
  ];
  const question = new URLSearchParams({ by: page.by, lot: lot.lot, ...(state.run ? { run: state.run } : {}), ...(state.runs ? { runs: state.runs } : {}), ...(state.since ? { since: state.since } : {}) });
  const listed = listTable({
    label: `Wafers of the ${nounOf(page.by)}`,
    noun: "wafer",
    columns,
    rows: wafers,
    className: "tall",
    state,
    changed: remember,
    tools: [
      h("a", { class: "button", href: within(`/lots/wafers.csv?${question}`), download: true }, "Download CSV"),
      total > wafers.length && h("span", { class: "small" }, `The most suspicious ${many(wafers.length, "wafer")} of ${count(total)}.`),
    ],
  });
  return h("section", { class: "card flush", "aria-label": "Wafers" }, listed.element);
}

const addressOf = (wafer) => hashOf("results", wafer.run_id, { wafer: wafer.wafer, file: wafer.file });

const outcome = (wafer) => wafer.outcome ?? (wafer.in_training ? "learned from" : "");
