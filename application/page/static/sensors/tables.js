// Below the charts of a sensor: its files, and the wafers that stand out.

import { hashOf } from "../address.js";
import { h } from "../dom.js";
import { count, reading } from "../format.js";
import { listTable } from "../table.js";

export function filesTable(found) {
  const { element } = listTable({
    label: "Files",
    noun: "file",
    rows: found.batches,
    search: false,
    className: "bounded",
    tools: h("h3", {}, "Files in order"),
    columns: [
      { key: "file", title: "File", value: (each) => each.first, cell: (each) => fileOf(each, found.run_id) },
      { key: "what", title: "Finding", value: finding, cell: badge },
      { key: "wafers", title: "Wafers", kind: "number", value: (each) => each.wafers },
      { key: "silent", title: "Silent", kind: "number", value: (each) => each.silent },
      { key: "median", title: "Median", kind: "number", value: (each) => each.median, cell: (each) => (each.median === null ? "–" : reading(each.median)) },
    ],
  });
  return h("div", { class: "card flush" }, element);
}

/** Where a wafer's panel is. */
export const waferAddress = (run, { wafer, file }) => hashOf("results", run, { wafer, file });

const fileOf = (each, run) =>
  h(
    "span",
    {},
    h("a", { href: hashOf("lots", "file", { run, lot: each.file }) }, each.file),
    each.files > 1 && ` and ${count(each.files - 1)} more`,
  );

const verdictOf = (each) => (each.in_training ? "learned from" : h("span", { class: `verdict ${each.verdict}` }, each.verdict));

const finding = (each) => (each.shifted ? "shifted" : each.silent === each.wafers ? "silent" : each.silent > each.wafers / 2 ? "mostly silent" : "");

const badge = (each) => (finding(each) ? h("span", { class: "verdict inspect" }, finding(each)) : "–");

/** Of the readings shown: those beyond all passing training wafers, then the other flagged ones. */
export function wafersTable(found, { least, most }) {
  const beyond = (each) => least !== null && (each.value < least || each.value > most);
  const rows = found.points.filter((each) => (each.verdict !== "pass" && !each.in_training) || beyond(each)).sort((a, b) => beyond(b) - beyond(a));
  const { element } = listTable({
    label: "Wafers that stand out",
    noun: "wafer",
    rows,
    className: "bounded",
    none: "No wafer that is shown was flagged or reads beyond the training range.",
    tools: h("h3", {}, "Wafers that stand out"),
    columns: [
      {
        key: "wafer",
        title: "Wafer",
        value: (each) => each.wafer,
        cell: (each) => h("a", { href: waferAddress(found.run_id, each) }, each.wafer),
      },
      { key: "verdict", title: "Verdict", value: (each) => each.verdict, cell: verdictOf },
      { key: "reading", title: "Reading", kind: "number", value: (each) => each.value, cell: (each) => reading(each.value) },
      { key: "range", title: "Training range", value: (each) => (beyond(each) ? "outside" : "inside") },
      { key: "outcome", title: "Outcome", kind: "optional", value: (each) => each.outcome },
    ],
  });
  return h("div", { class: "card flush" }, element);
}
