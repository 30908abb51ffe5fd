// One wafer: its verdict at the slider's budget, why it has it, its neighbours, what was decided about it.

import { dispositionOf } from "./disposition.js";
import { elsewhere } from "./elsewhere.js";
import { h, put } from "./dom.js";
import { fixed, percent } from "./format.js";
import { neighbours } from "./neighbours.js";
import { verdictAt } from "./ranking.js";
import { reasonsOf } from "./reasons.js";

/**
 * A panel that shows a wafer. `run` is its id, `version` the model's, `own` the threshold of the run; `go(name)` shows another
 * one of the same file, `decided(wafer)` is told of a disposition.
 * `show(wafer, cut)` shows a wafer at a threshold, `place(found)` its rank and its neighbours once they are known.
 */
export function waferPanel({ runId, version, own, may, go, decided }) {
  const element = h("aside", { class: "card wafer", "aria-label": "Selected wafer", tabindex: "0" });
  const judged = h("div", {});
  const around = h("div", {});
  let shown = null;
  let at = own;

  function show(wafer, cut) {
    at = cut;
    put(judged, verdictOf(wafer, cut, own, wafer.rank));
    if (wafer.wafer === shown?.wafer && wafer.file === shown.file) return;
    shown = wafer;
    put(around);
    put(
      element,
      judged,
      facts(shown),
      shown.note && h("div", { class: "notice inspect" }, h("p", {}, shown.note)),
      shown.in_training &&
        h("div", { class: "notice" }, h("p", {}, "The model was trained on these readings, so this is not a forecast.")),
      h("h3", {}, "Reasons"),
      reasonsOf(shown, { runId, version }),
      around,
      dispositionOf(shown, { runId, may, decided }),
      elsewhere(shown, runId),
    );
  }

  function place(found) {
    put(judged, verdictOf(found.prediction, at, own, found.rank));
    put(around, neighbours(found, go));
  }

  return { element, show, place };
}

function verdictOf(wafer, cut, own, rank) {
  const verdict = verdictAt(wafer, cut);
  return [
    h("div", { class: "heading" }, h("h2", {}, wafer.wafer), h("span", { class: `verdict ${verdict}` }, verdict)),
    cut !== own && h("p", { class: "small", id: "at-this-budget" }, changed(verdictAt(wafer, own), verdict)),
    h(
      "dl",
      { class: "facts" },
      rank && fact("Rank", String(rank)),
      fact(
        "Probability",
        h("span", {}, fixed(wafer.probability), h("span", { class: "small" }, ` threshold ${fixed(cut)}`)),
      ),
    ),
  ];
}

const changed = (before, now) =>
  before === now
    ? "The same verdict at the chosen budget as in the run."
    : now === "fail"
      ? "Flagged at the chosen budget. In the run it passed."
      : "Passes at the chosen budget. The run flagged it.";

const facts = (wafer) =>
  h(
    "dl",
    { class: "facts" },
    fact("Cluster", String(wafer.cluster ?? "–")),
    fact(
      "Distance",
      h(
        "span",
        { title: "Share of the training wafers that are closer to the centre of their cluster" },
        wafer.distance_percentile === null ? "–" : `farther than ${percent(wafer.distance_percentile / 100)} of training wafers`,
      ),
    ),
    fact("File", h("span", { class: "break" }, wafer.file)),
    ...Object.entries(wafer.context).map(([name, text]) => fact(name, h("span", { class: "break" }, text || "–"))),
  );

const fact = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));
